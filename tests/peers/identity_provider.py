"""An identity provider for tests: OpenID Connect, code flow, PKCE demanded; tokens signed by hand.

It shares no code with the console: RSA by `cryptography`, the rest from the standard library.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "frisket", "a secret of the client"


def coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    return coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class IdentityProvider:
    """What it says; tests change it. `claims` go into the token as they are."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    forged: bool = False
    now: float = 0.0
    grants: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def token(self, nonce: str) -> str:
        """Return an identity token."""
        now = int(self.now or time.time())
        said = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.claims,
        }
        signed = f"{coded(json.dumps(self.header).encode())}.{coded(json.dumps(said).encode())}"
        key = rsa.generate_private_key(65537, 2048) if self.forged else self.key
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        if self.header["alg"] == "none":
            return f"{signed}."
        return f"{signed}.{coded(signature)}"

    def keys(self) -> dict[str, Any]:
        """Return the public key."""
        public = self.key.public_key().public_numbers()
        one = {"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig"}
        return {"keys": [{**one, "n": number(public.n), "e": number(public.e)}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent, with a code."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = token_urlsafe(16)
        self.grants[code] = query
        sent = urlencode({"code": code, "state": query["state"], "iss": self.issuer})
        return f"{query['redirect_uri']}?{sent}"

    def redeem(self, form: dict[str, str], login: str) -> tuple[int, dict[str, Any]]:
        """Return the answer to a code: it is good once, for who began, with the verifier."""
        begun = self.grants.pop(form.get("code", ""), None)
        user = b64decode(login.removeprefix("Basic ")).decode() if login else ""
        if begun is None or user != f"{CLIENT}:{SECRET}":
            return 400, {"error": "invalid_grant"}
        challenge = coded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != begun["code_challenge"] or form["redirect_uri"] != begun["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        token = self.token(begun["nonce"])
        return 200, {"id_token": token, "access_token": "x", "token_type": "Bearer"}


def handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            provider.asked.append(self.path)

        def _json(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = urlsplit(self.path)
            if path.path == "/.well-known/openid-configuration":
                ends = {"authorization_endpoint": "/auth", "token_endpoint": "/token"}
                urls = {name: provider.issuer + end for name, end in ends.items()}
                keys = f"{provider.issuer}/keys"
                self._json(200, {"issuer": provider.issuer, "jwks_uri": keys, **urls})
            elif path.path == "/keys":
                self._json(200, provider.keys())
            else:
                query = {name: values[0] for name, values in parse_qs(path.query).items()}
                self.send_response(302)
                self.send_header("location", provider.authorize(query))
                self.send_header("content-length", "0")
                self.end_headers()

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._json(*provider.redeem(form, self.headers.get("authorization", "")))

    return Handler


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Serve a provider on loopback."""
    provider = IdentityProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(provider))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
