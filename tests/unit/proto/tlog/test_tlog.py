"""Trees by the vectors of Certificate Transparency, notes by Go's example, proofs by a twin."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.tlog.signed import cosign, cosigned_at, is_signed, sign
from frisket.proto.tlog.tree import EMPTY, Tree, is_consistent, leaf_hash
from frisket.proto.tlog.wire import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Note,
    key_id,
    read_checkpoint,
    read_note,
    write_checkpoint,
    write_note,
)

# The leaves and roots that the reference implementation of RFC 6962 is tested with.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PROOFS = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
# The example in the documentation of Go's package golang.org/x/mod/sumdb/note.
GO = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)
GO_KEY = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]


def tree(leaves: Sequence[bytes]) -> Tree:
    return Tree(lambda a, b: [leaf_hash(one) for one in leaves[a:b]])


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert tree(LEAVES).root(size).hex() == ROOTS[size - 1]
    assert tree([]).root(0) == EMPTY


@pytest.mark.parametrize(("sizes", "wanted"), PROOFS.items())
def test_proofs_are_those_of_certificate_transparency(
    sizes: tuple[int, int], wanted: tuple[str, ...]
) -> None:
    old, new = sizes
    proof = tree(LEAVES).proof(old, new)
    assert [one.hex() for one in proof] == list(wanted)
    roots = [bytes.fromhex(ROOTS[size - 1]) for size in sizes]
    assert is_consistent(old, roots[0], new, roots[1], proof)


def numbered(size: int) -> list[bytes]:
    return [str(n).encode() for n in range(size)]


@given(st.integers(0, 700), st.integers(0, 700))
def test_what_grew_is_proven_and_what_was_changed_is_not(one: int, other: int) -> None:
    old, new = sorted((one, other))
    leaves = numbered(new)
    grown = tree(leaves)
    was, now = plain_root(leaves[:old]), plain_root(leaves)
    assert grown.root(old) == was
    assert grown.root(new) == now
    proof = grown.proof(old, new)
    assert is_consistent(old, was, new, now, proof)
    if old:
        forged = tree([b"forged", *leaves[1:]])
        assert not is_consistent(old, was, new, forged.root(new), forged.proof(old, new))
        assert not is_consistent(old, was, new, forged.root(new), proof)
    if 0 < old < new:
        assert not is_consistent(old, was, new, now, proof[:-1])
        assert not is_consistent(old, was, new, now, [*proof, bytes(32)])
        assert not is_consistent(new, now, old, was, proof)


def test_a_tree_of_many_leaves_has_the_same_root_whenever_it_is_asked() -> None:
    leaves = numbered(10_000)
    grown = tree(leaves)
    for size in (63, 64, 65, 128, 4095, 4096, 4097, 9999, 10_000, 77):
        assert grown.root(size) == plain_root(leaves[:size])


def test_a_note_of_gos_documentation_holds() -> None:
    note = read_note(GO)
    key = Ed25519PublicKey.from_public_bytes(GO_KEY)
    assert key_id("PeterNeumann", ED25519, GO_KEY).hex() == "c74f20a3"
    assert is_signed(note, "PeterNeumann", key)
    assert not is_signed(read_note(GO.replace("answer", "anstoss")), "PeterNeumann", key)
    assert write_note(note) == GO


def test_a_cosigned_checkpoint_is_believed_of_its_witness_alone() -> None:
    log, witness = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    text = write_checkpoint(Checkpoint("example/log", 7, bytes(32), ("more",)))
    note = cosign(Note(text, (sign(text, "example/log", log),)), "example/w", witness, 1679315147)
    read = read_note(write_note(note))
    assert is_signed(read, "example/log", log.public_key())
    assert cosigned_at(read, "example/w", witness.public_key()) == 1679315147
    assert cosigned_at(read, "example/v", witness.public_key()) is None
    assert cosigned_at(read, "example/w", log.public_key()) is None
    other = Note(text.replace("7", "8"), read.signatures)
    assert cosigned_at(other, "example/w", witness.public_key()) is None
    # As the specification of the cosignature has it, octet by octet.
    [mine] = [one for one in read.signatures if one.name == "example/w"]
    told = b"cosignature/v1\ntime 1679315147\n" + text.encode()
    witness.public_key().verify(mine.value[8:], told)
    assert mine.value[:8] == (1679315147).to_bytes(8, "big")
    public = witness.public_key().public_bytes_raw()
    assert mine.key_id == hashlib.sha256(b"example/w\n\x04" + public).digest()[:4]
    assert key_id("example/w", COSIGNATURE, public) == mine.key_id


def test_the_example_of_the_specification_is_read() -> None:
    """C2SP tlog-cosignature, its first example."""
    note = read_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URY"
        "N7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9d"
        "lrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert read_checkpoint(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147


@pytest.mark.parametrize("size", ["", "007", "-1", "1e3", str(1 << 53), "9" * 30])
def test_a_size_is_a_number_without_ornaments(size: str) -> None:
    with pytest.raises(WireError):
        read_checkpoint(f"example/log\n{size}\n{base64.b64encode(bytes(32)).decode()}\n")
