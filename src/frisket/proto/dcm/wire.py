"""Seals and opens a settings file (.frisket-dcm).

The file is one JSON object in UTF-8:

    {"format": "frisket-dcm", "version": 1,
     "kdf": "scrypt", "n": 16384, "r": 8, "p": 1, "salt": base64 of 16 octets,
     "cipher": "AES-256-GCM", "nonce": base64 of 12 octets, "data": base64}

`data` is encrypted under scrypt(password, salt) with the text "frisket-dcm 1" as associated data,
and is itself JSON: {"model", "serial", "exported", "settings": {key: value}, "policy": {"items":
[id], "parameters": {name: value}, "password": text}}. It is our own format; the real devices'
is not public.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from frisket.errors import WireError

LARGEST: Final = 512 << 10
_ABOUT = b"frisket-dcm 1"
_HEAD = {
    "format": "frisket-dcm",
    "version": 1,
    "kdf": "scrypt",
    "n": 16384,
    "r": 8,
    "p": 1,
    "cipher": "AES-256-GCM",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds, of the right shape; values are what JSON gives, not checked further."""

    model: str
    serial: str
    exported: str
    settings: Mapping[str, Any]
    items: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    policy_password: str = field(default="", repr=False)


def _key(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1, dklen=32)


def is_sealed(data: bytes, *, limit: int = LARGEST) -> bool:
    """Say whether this looks like a settings file; whether it opens is another matter."""
    try:
        raw = json.loads(data) if len(data) <= limit else None
    except (ValueError, RecursionError):
        return False
    return isinstance(raw, dict) and {name: raw.get(name) for name in _HEAD} == _HEAD


def seal(plain: bytes, password: str, entropy: Callable[[int], bytes]) -> bytes:
    """Return the file around `plain`. `entropy(n)` gives n random octets."""
    salt, nonce = entropy(16), entropy(12)
    data = AESGCM(_key(password, salt)).encrypt(nonce, plain, _ABOUT)
    parts = {"salt": salt, "nonce": nonce, "data": data}
    texts = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    return json.dumps({**_HEAD, **texts}).encode()


def unseal(data: bytes, password: str, *, limit: int = LARGEST) -> bytes:
    """Return what `seal` was given, or raise `WireError`."""
    if len(data) > limit:
        raise WireError("the file is too large for a settings file")
    try:
        raw = json.loads(data)
        if not isinstance(raw, dict) or {name: raw.get(name) for name in _HEAD} != _HEAD:
            raise WireError("this is not a settings file of a virtual device")
        salt, nonce, sealed = (
            base64.b64decode(str(raw.get(name)), validate=True)
            for name in ("salt", "nonce", "data")
        )
        secret = password.encode()
    except (ValueError, RecursionError, binascii.Error) as fault:
        raise WireError("this is not a settings file of a virtual device") from fault
    if len(salt) != 16 or len(nonce) != 12 or len(secret) > 1024:
        raise WireError("this is not a settings file of a virtual device")
    try:
        return AESGCM(_key(password, salt)).decrypt(nonce, sealed, _ABOUT)
    except InvalidTag as fault:
        raise WireError("the password is wrong, or the file was damaged") from fault


def read_exported(plain: bytes, *, limit: int = LARGEST) -> Exported:
    """Read what `unseal` returned, or raise `WireError`."""
    if len(plain) > limit:
        raise WireError("the file is too large for a settings file")
    try:
        raw = json.loads(plain)
        # Half a surrogate pair is JSON, but no text that could be stored.
        json.dumps(raw, ensure_ascii=False).encode()
        policy = raw["policy"]
        if not isinstance(policy["password"], str):
            raise WireError("the file holds no settings of a virtual device")
        return Exported(
            model=str(raw["model"]),
            serial=str(raw["serial"]),
            exported=str(raw["exported"]),
            settings=dict(raw["settings"].items()),
            items=tuple(str(item) for item in policy["items"]),
            parameters=dict(policy["parameters"].items()),
            policy_password=policy["password"],
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise WireError("the file holds no settings of a virtual device") from fault


def write_exported(exported: Exported) -> bytes:
    """Return what `read_exported` reads."""
    content = {
        "model": exported.model,
        "serial": exported.serial,
        "exported": exported.exported,
        "settings": dict(exported.settings),
        "policy": {
            "items": list(exported.items),
            "parameters": dict(exported.parameters),
            "password": exported.policy_password,
        },
    }
    return json.dumps(content).encode()
