"""A second verifier, written from docs/reference/audit-log.md with hashlib and cryptography alone.

It imports nothing of ours but what makes the log that it judges, and both verifiers have to agree.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.witnessing import Desk, export_lines, seat

from frisket.fleet.verifying import ChainBroken, verify
from frisket.store.database import Database, open_database

BOOK = Path(__file__).resolve().parents[3] / "docs" / "reference" / "audit-log.md"


class DoesNotHoldError(Exception):
    """What the book calls broken."""


def need(holds: object, what: str) -> None:
    if not holds:
        raise DoesNotHoldError(what)


def sha(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def tree_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\x01" + tree_root(leaves[:k]) + tree_root(leaves[k:]))


def signature_of(lines: list[str], name: str, kind: int, key: bytes) -> bytes:
    """Return what the key of this name and kind put under a note."""
    wanted = sha(name.encode() + b"\n" + bytes([kind]) + key)[:4]
    for line in lines:
        dash, who, text = line.split(" ")
        octets = base64.b64decode(text, validate=True)
        if dash == "\u2014" and who == name and octets[:4] == wanted:
            return octets[4:]
    raise DoesNotHoldError(f"{name} has not signed")


class Book:
    """The verifier."""

    def __init__(self, head: dict[str, Any]) -> None:
        need(head["format"] == "frisket-log" and head["version"] in {1, 2}, "format")
        self.octets = bytes.fromhex(head["key"])
        self.key = Ed25519PublicKey.from_public_bytes(self.octets)
        self.name = f"frisket/log/{sha(self.octets).hex()}"
        self.authority = head.get("authority", "")
        self.digests: list[bytes] = []
        self.witnessed: dict[str, int] = {}

    def entry(self, row: dict[str, Any]) -> None:
        before = self.digests[-1].hex() if self.digests else "0" * 64
        digest = sha(f"{before}\n{row['entry']}".encode())
        need(digest.hex() == row["digest"], "digest")
        self.digests.append(digest)
        fields = json.loads(row["entry"])
        wanted = {"number", "at", "actor", "action", "about", "outcome", "details"}
        need(set(fields) - {"site"} == wanted, "fields")
        need(fields["number"] == len(self.digests), "number")

    def note(self, note: str) -> tuple[int, str, list[str]]:
        text, _, below = note.rpartition("\n\n")
        signatures = below.removesuffix("\n").split("\n")
        signed = f"{text}\n"
        self.key.verify(signature_of(signatures, self.name, 1, self.octets), signed.encode())
        origin, size, root, chain, _ = text.split("\n")
        need(origin == self.name, "origin")
        self.point(int(size), chain.removeprefix("chain "))
        need(base64.b64decode(root) == tree_root(self.digests[: int(size)]), "root")
        return int(size), signed, signatures

    def point(self, size: int, digest: str) -> None:
        need(size <= len(self.digests), "cut off")
        need(self.digests[size - 1].hex() == digest, "forked")

    def old(self, row: dict[str, Any]) -> None:
        text = f"frisket/log/v1\n{row['checkpoint']}\n{row['digest']}\n{row['at']}\n"
        self.key.verify(bytes.fromhex(row["signature"]), text.encode())
        self.point(row["checkpoint"], row["digest"])

    def witness(self, row: dict[str, Any]) -> None:
        size, text, signatures = self.note(row["note"])
        authority = x509.load_pem_x509_certificate(self.authority.encode())
        found = x509.load_der_x509_certificate(base64.b64decode(row["certificate"]))
        found.verify_directly_issued_by(authority)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        [uri] = names.get_values_for_type(x509.UniformResourceIdentifier)
        need(uri.endswith(f"/collector/{row['witness']}"), "whose certificate")
        key = found.public_key()
        assert isinstance(key, Ed25519PublicKey)
        name = f"frisket/collector/{row['witness']}"
        made = signature_of(signatures, name, 4, key.public_bytes_raw())
        seconds = int.from_bytes(made[:8], "big")
        key.verify(made[8:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
        self.witnessed[row["witness"]] = max(self.witnessed.get(row["witness"], 0), size)


def by_the_book(lines: list[str]) -> Book:
    """Verify an export. Raises `DoesNotHoldError`."""
    try:
        rows = [json.loads(line) for line in lines]
        book = Book(rows[0])
        for row in rows[1:]:
            if "entry" in row:
                book.entry(row)
            elif "witness" in row:
                book.witness(row)
            elif "dispute" in row:
                continue
            elif "note" in row:
                book.note(row["note"])
            else:
                book.old(row)
    except (InvalidSignature, ValueError, KeyError, IndexError, TypeError, AttributeError) as fault:
        raise DoesNotHoldError(str(fault)) from fault
    return book


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path_factory.mktemp('book') / 'log.db'}")
    made.upgrade()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lines(database: Database, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folders = [tmp_path_factory.mktemp(name) for name in ("a", "b")]
    with asyncio.Runner() as runner:
        return runner.run(_witnessed(Desk(database), *folders))


async def _witnessed(desk: Desk, *folders: Path) -> list[str]:
    one, other = [await seat(desk, folder) for folder in folders]
    for count in (1, 2, 66, 4):
        desk.later(days=1)
        desk.write(count)
        await one.ask()
    await other.ask()
    desk.write(2)
    return export_lines(desk)


def test_both_verifiers_say_the_same_of_a_whole_log(lines: list[str]) -> None:
    book, found = by_the_book(lines), verify(lines)
    assert len(book.digests) == found.size
    assert book.digests[-1].hex() == found.head
    ours = {one.collector: one.size for one in found.witnesses}
    assert book.witnessed == ours
    assert len(ours) == 2


@settings(max_examples=100)
@given(data=st.data())
def test_both_verifiers_refuse_the_same(lines: list[str], data: st.DataObject) -> None:
    """A line taken out, doubled, moved, or spoiled by one letter: ours is never the laxer one."""
    spoiled = list(lines)
    at = data.draw(st.integers(0, len(spoiled) - 1))
    match data.draw(st.sampled_from(["out", "double", "swap", "letter"])):
        case "out":
            del spoiled[at]
        case "double":
            spoiled.insert(at, spoiled[at])
        case "swap":
            other = data.draw(st.integers(0, len(spoiled) - 1))
            spoiled[at], spoiled[other] = spoiled[other], spoiled[at]
        case _:
            line = spoiled[at]
            column = data.draw(st.integers(0, len(line) - 1))
            letter = data.draw(st.characters(codec="ascii", exclude_categories=["Cc"]))
            spoiled[at] = line[:column] + letter + line[column + 1 :]
    try:
        found = verify(spoiled)
    except ChainBroken:
        found = None
    try:
        book = by_the_book(spoiled)
    except DoesNotHoldError:
        # Ours may be as strict as it likes, never laxer.
        assert found is None, "only our own verifier says that this holds"
        return
    if found is not None:
        assert (len(book.digests), book.digests[-1].hex()) == (found.size, found.head)


def test_the_verifier_needs_no_database_and_no_console() -> None:
    program = (
        "import sys, frisket.cli.log\n"
        "print(sorted(n for n in sys.modules if n.partition('.')[0] in"
        " {'sqlalchemy', 'alembic', 'fastapi', 'starlette', 'uvicorn', 'dbos', 'psycopg', 'httpx'}"
        " or n.startswith(('frisket.store', 'frisket.console', 'frisket.jobs', 'frisket.net'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_the_book_says_what_this_verifier_needs() -> None:
    book = BOOK.read_text(encoding="utf-8")
    for word in ("frisket/log/<fingerprint>", "cosignature/v1", "frisket/collector/<COLLECTOR>"):
        assert word in book
