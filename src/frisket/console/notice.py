"""One line that the next page shows, carried in a cookie that only this console can write."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "__Host-notice"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Notices:
    """Puts and reads notices. Another site on this host cannot forge one: they bear a code."""

    key: bytes

    def _code(self, text: bytes) -> bytes:
        return hmac.digest(self.key, b"notice\0" + text, hashlib.sha256)[:16]

    def put(self, response: Response, text: str) -> None:
        """Let the page after this answer show a text."""
        raw = text[:_MOST].encode("utf-8", "replace")
        value = urlsafe_b64encode(self._code(raw) + raw).decode()
        response.set_cookie(
            COOKIE, value, max_age=60, secure=True, httponly=True, samesite="lax", path="/"
        )

    def read(self, request: Request) -> str:
        """Return the notice that waits, or nothing."""
        try:
            raw = urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        except ValueError:
            return ""
        if not hmac.compare_digest(raw[:16], self._code(raw[16:])):
            return ""
        return raw[16:].decode("utf-8", "replace")

    def clear(self, response: Response) -> None:
        """Forget the notice once it was shown."""
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
