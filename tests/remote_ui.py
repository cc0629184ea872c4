"""A browser for tests of the Remote UI: keeps the cookie and the token, asks `respond` directly."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from frisket.mfd.device import Device
from frisket.mfd.remote_ui.router import respond
from frisket.mfd.users import Login, Role
from frisket.proto.http.wire import Header, Request, Response

Fields = Mapping[str, str | list[str]]
FORM = "application/x-www-form-urlencoded"
EDGE = "frisket-edge"


@dataclass
class Visitor:
    """One browser on one device. `extra` are header fields of every request."""

    device: Device
    tls: bool = True
    extra: tuple[Header, ...] = ()
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, kind: str = "", body: bytes = b"") -> Response:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers: list[Header] = [("host", "device.example"), *self.extra]
        if jar:
            headers.append(("cookie", jar))
        if kind:
            headers.append(("content-type", kind))
        answer = respond(self.device, Request(method, path, tuple(headers), body), tls=self.tls)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        found = re.search(r'name="Token" value="([^"]+)"', answer.body.decode(errors="replace"))
        if found:
            self.token = found[1]
        return answer

    def get(self, path: str) -> Response:
        return self.ask("GET", path)

    def post(self, path: str, fields: Fields, token: str | None = None) -> Response:
        sent = {"Token": self.token if token is None else token, **fields}
        return self.ask("POST", path, FORM, urlencode(sent, doseq=True).encode())

    def upload(self, path: str, fields: Mapping[str, str], file: bytes) -> Response:
        parts = [
            f'content-disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in {"Token": self.token, **fields}.items()
        ]
        head = b'content-disposition: form-data; name="file"; filename="x"\r\n\r\n'
        parts.append(head + file)
        edge = f"--{EDGE}".encode()
        body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
        return self.ask("POST", path, f"multipart/form-data; boundary={EDGE}", body)

    def log_in(self, name: str = "Administrator", password: str = "7654321") -> Response:
        answer = self.post("/login", {"username": name, "password": password})
        self.get("/rps/password")
        return answer


def visitor(device: Device, role: Role = Role.ADMINISTRATOR, *, tls: bool = True) -> Visitor:
    """Return a browser that has logged in, past the password check."""
    name = "Administrator" if role is Role.ADMINISTRATOR else "someone"
    guest = Visitor(device, tls)
    guest.cookies["session"] = device.sessions.start(Login(name, role))
    guest.get("/rps/password")
    return guest


def text_of(answer: Response) -> str:
    """Return a page as text without markup."""
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.body.decode()))


def header(answer: Response, name: str) -> str:
    return answer.header(name)
