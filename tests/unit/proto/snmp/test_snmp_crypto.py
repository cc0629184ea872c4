"""Keys against the vectors of RFC 3414 and the drafts, ciphers against themselves and limits."""

from __future__ import annotations

import itertools

import pytest

from frisket.errors import WireError
from frisket.proto.snmp.wire.crypto import (
    Auth,
    Keys,
    LocalKeys,
    Priv,
    User,
    decrypt,
    digest,
    encrypt,
    localize,
    localized_key,
    master_key,
    privacy_key,
)

ENGINE_ID = bytes.fromhex("000000000000000000000002")
PASSWORD = b"maplesyrup"


@pytest.mark.parametrize(
    ("auth", "master", "localized"),
    [
        # RFC 3414 section A.3.1
        (Auth.MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        # RFC 3414 section A.3.2
        (
            Auth.SHA1,
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),
    ],
)
def test_keys_of_rfc_3414(auth: Auth, master: str, localized: str) -> None:
    assert master_key(auth, PASSWORD).hex() == master
    assert localized_key(auth, bytes.fromhex(master), ENGINE_ID).hex() == localized


@pytest.mark.parametrize(
    ("auth", "size", "digest_size"),
    # RFC 3414 sections 6 and 7; RFC 7860 section 4.2.2
    [
        (Auth.MD5, 16, 12),
        (Auth.SHA1, 20, 12),
        (Auth.SHA224, 28, 16),
        (Auth.SHA256, 32, 24),
        (Auth.SHA384, 48, 32),
        (Auth.SHA512, 64, 48),
    ],
)
def test_sizes(auth: Auth, size: int, digest_size: int) -> None:
    assert len(master_key(auth, PASSWORD)) == size
    keys = localize(User("u", auth, "maplesyrup"), ENGINE_ID)
    assert len(keys.auth_key) == size
    assert len(digest(keys, b"message")) == digest_size == auth.digest_size


def test_a_longer_key_by_reeder() -> None:
    # draft-reeder-snmpv3-usm-3desede-00 section B.1: maplesyrup, MD5
    local = localized_key(Auth.MD5, master_key(Auth.MD5, PASSWORD), ENGINE_ID)
    expected = "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12"
    assert privacy_key(Auth.MD5, Priv.AES256_CISCO, local, ENGINE_ID).hex() == expected
    # The same, section B.2: SHA-1, 40 octets, of which a cipher takes 32
    local = localized_key(Auth.SHA1, master_key(Auth.SHA1, PASSWORD), ENGINE_ID)
    expected = "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c"
    assert privacy_key(Auth.SHA1, Priv.AES256_CISCO, local, ENGINE_ID).hex() == expected


def test_the_two_ways_to_longer_keys_differ_only_where_the_hash_is_short() -> None:
    for auth, (ours, other) in itertools.product(
        Auth, [(Priv.AES192, Priv.AES192_CISCO), (Priv.AES256, Priv.AES256_CISCO)]
    ):
        local = localized_key(auth, master_key(auth, PASSWORD), ENGINE_ID)
        one = privacy_key(auth, ours, local, ENGINE_ID)
        two = privacy_key(auth, other, local, ENGINE_ID)
        assert len(one) == len(two) == ours.key_size
        assert (one == two) == (len(local) >= ours.key_size)
        assert one[: len(local)] == local[: len(one)]


@pytest.mark.parametrize("auth", Auth)
@pytest.mark.parametrize("priv", Priv)
def test_ciphers_come_back(auth: Auth, priv: Priv) -> None:
    keys = localize(User("u", auth, "maplesyrup", priv, "rosemary"), ENGINE_ID)
    plain = b"what must not be read by others " * 125
    for size in (0, 1, 7, 8, 15, 16, 17, 4000):
        text = plain[:size]
        secret, salt = encrypt(keys, 3, 4, 2**63 + 5, text)
        assert len(salt) == 8
        if not secret:
            continue
        assert decrypt(keys, 3, 4, salt, secret)[:size] == text
        if size > 1:
            assert text not in secret
            assert decrypt(keys, 3, 4, bytes(8), secret)[:size] != text


def test_a_salt_makes_the_same_text_another() -> None:
    for priv in Priv:
        keys = localize(User("u", Auth.SHA1, "maplesyrup", priv, "rosemary"), ENGINE_ID)
        assert encrypt(keys, 1, 1, 1, b"text")[0] != encrypt(keys, 1, 1, 2, b"text")[0]


@pytest.mark.parametrize(
    ("priv", "salt", "secret"),
    [
        (Priv.DES, b"1234567", b"12345678"),
        (Priv.DES, b"12345678", b"1234567"),
        (Priv.DES, b"12345678", b""),
        (Priv.AES128, b"", b"1"),
    ],
)
def test_malformed_secrets(priv: Priv, salt: bytes, secret: bytes) -> None:
    keys = Keys(Auth.MD5, b"k" * 16, priv, b"k" * 16)
    with pytest.raises(WireError):
        decrypt(keys, 1, 1, salt, secret)


def test_secrets_are_not_printed() -> None:
    user = User("u", Auth.MD5, "maplesyrup", Priv.DES, "rosemary")
    shown = repr(user) + repr(localize(user, ENGINE_ID))
    assert "maplesyrup" not in shown
    assert "rosemary" not in shown
    assert "key" not in shown


@pytest.mark.parametrize(
    ("auth", "auth_password", "priv", "priv_password"),
    [
        (None, "", Priv.DES, "rosemary"),
        (Auth.MD5, "", None, ""),
        (Auth.MD5, "maplesyrup", Priv.DES, ""),
    ],
)
def test_users_that_cannot_be(
    auth: Auth | None, auth_password: str, priv: Priv | None, priv_password: str
) -> None:
    with pytest.raises(WireError):
        User("u", auth, auth_password, priv, priv_password)


def test_few_keys_are_kept() -> None:
    keys = LocalKeys(limit=2)
    user = User("u", Auth.MD5, "maplesyrup")
    first = keys.get(user, b"engine 1")
    assert keys.get(user, b"engine 1") is first
    keys.get(user, b"engine 2")
    keys.get(user, b"engine 3")
    assert keys.get(user, b"engine 1") is not first
    assert keys.get(user, b"engine 1") == first
