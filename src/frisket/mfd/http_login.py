"""Who asks, where a service over HTTP wants a login: Basic (RFC 7617) or Digest (RFC 7616)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from frisket.mfd.device import Device
from frisket.mfd.users import ADMINISTRATOR, LoginRefused
from frisket.proto.http.wire import Header, Request

# A login is asked of the users once a minute, not for each of a client's hundred requests.
_REMEMBERED = 60.0
_NONCE_SECONDS = 300
_MOST_REMEMBERED = 256
_PAIR = re.compile(r'(\w{1,20})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_WRONG = "\0"  # no password: it cannot be typed


def _digest(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode("latin-1", "replace")).hexdigest()  # noqa: S324


def parameters(credentials: str) -> dict[str, str]:
    """Return the parameters of Digest credentials, names in lower case; the first of each wins."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PAIR.findall(credentials[:4096]):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    return found


@dataclass(slots=True)
class Gate:
    """The logins of one device's service `via`; `scheme` is "basic" or "digest".

    Digest needs the password itself, so it lets in the built-in Administrator only: of other users
    the device keeps a one-way hash.
    """

    device: Device
    via: str
    realm: str
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _admitted: dict[bytes, float] = field(default_factory=dict)

    def challenge(self, scheme: str) -> Header:
        """Return the field that asks for a login."""
        if scheme == "basic":
            return "www-authenticate", f'Basic realm="{self.realm}", charset="UTF-8"'
        nonce = self._nonce(int(self.device.clock()))
        said = f'Digest realm="{self.realm}", qop="auth", algorithm=MD5, nonce="{nonce}"'
        return "www-authenticate", said

    def admit(self, request: Request, scheme: str) -> str:
        """Return the user's name, "" where nobody was let in."""
        offered, _, credentials = request.header("authorization").strip().partition(" ")
        if offered.lower() != scheme:
            return ""
        name, password = (
            self._basic(credentials)
            if scheme == "basic"
            else self._check_digest(request, parameters(credentials))
        )
        return name if name and self._login(name, password) else ""

    def _login(self, name: str, password: str) -> bool:
        now = self.device.clock()
        current = self.device.store.text("admin.password")
        seen = hashlib.sha256(f"{name}\0{password}\0{current}".encode()).digest()
        if now < self._admitted.get(seen, float("-inf")) + _REMEMBERED:
            return True
        try:
            self.device.users.login(name, password, self.via, remote=True)
        except LoginRefused:
            return False
        if len(self._admitted) >= _MOST_REMEMBERED:
            self._admitted.clear()
        self._admitted[seen] = now
        return True

    def _basic(self, credentials: str) -> tuple[str, str]:
        try:
            text = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return "", ""
        name, _, password = text.partition(":")
        return name[:32], password[:128]

    def _nonce(self, moment: int) -> str:
        mark = hmac.new(self._secret, str(moment).encode(), "sha256").hexdigest()[:32]
        return f"{moment}-{mark}"

    def _is_fresh(self, nonce: str) -> bool:
        moment, _, _ = nonce.partition("-")
        if not (moment.isascii() and moment.isdigit() and len(moment) < 20):
            return False
        age = self.device.clock() - int(moment)
        return -1 <= age <= _NONCE_SECONDS and hmac.compare_digest(
            nonce.encode(), self._nonce(int(moment)).encode()
        )

    def _check_digest(self, request: Request, said: dict[str, str]) -> tuple[str, str]:
        """Return name and password to log in with; "" as name where the client is to ask anew."""
        name = said.get("username", "")[:32]
        if not self._is_fresh(said.get("nonce", "")) or said.get("uri") != request.target:
            return "", ""
        if said.get("realm") != self.realm or said.get("qop") != "auth":
            return "", ""
        password = self.device.store.text("admin.password") if name == ADMINISTRATOR else _WRONG
        right = _digest(
            _digest(name, self.realm, password),
            said["nonce"],
            said.get("nc", ""),
            said.get("cnonce", ""),
            "auth",
            _digest(request.method, request.target),
        )
        given = said.get("response", "").encode("latin-1", "replace")
        return name, password if hmac.compare_digest(right.encode(), given) else _WRONG
