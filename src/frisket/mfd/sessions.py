"""Remote UI sessions of one device: opaque cookies, idle and absolute ends, one CSRF token each."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from frisket.mfd.users import Login

ABSOLUTE = 8 * 3600.0  # seconds after which even a busy session ends
LONG_IDLE = 1800.0  # idle seconds where <Auto Logout> is off
SERVICE_IDLE = 300.0  # the Service Management Service logs out after five minutes
_MOST = 64  # sessions at once; the one unused for longest gives way


@dataclass(slots=True)
class Session:
    """One browser that has logged in. Times are monotonic seconds.

    `step` names the page that must be passed first: `warning` (default password), `expired`.
    `notice` is shown once; `policy_open` says that the policy password was given,
    `boxes` which mail boxes were opened, and with which PIN.
    """

    login: Login
    started: float
    seen: float
    token: str = field(default_factory=lambda: str(secrets.randbits(128)))
    step: str = ""
    notice: str = ""
    policy_open: bool = False
    boxes: dict[int, str] = field(default_factory=dict)

    def owns(self, token: str) -> bool:
        """Say whether a posted CSRF token is this session's."""
        return hmac.compare_digest(self.token.encode(), token.encode("utf-8", "replace"))


class Sessions:
    """All sessions of a device, by cookie; shared by its ports, as browsers share cookies."""

    __slots__ = ("_clock", "_idle", "_open", "_service")

    def __init__(self, clock: Callable[[], float], idle: Callable[[], float]) -> None:
        self._clock = clock
        self._idle = idle
        self._open: dict[str, Session] = {}
        self._service: tuple[str, float] = ("", 0.0)

    def __len__(self) -> int:
        return len(self._open)

    def start(self, login: Login, old: str = "") -> str:
        """Begin a session and return its cookie value; the one of `old` ends (rotation)."""
        self.end(old)
        now = self._clock()
        if len(self._open) >= _MOST:
            self.end(min(self._open, key=lambda cookie: self._open[cookie].seen))
        cookie = secrets.token_urlsafe(24)
        step = "warning" if login.default_password else "expired" if login.expired else ""
        self._open[cookie] = Session(login, now, now, step=step)
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Return a live session and note that it is in use; None where it ended."""
        session = self._open.get(cookie)
        if session is None:
            return None
        now = self._clock()
        if now - session.seen > self._idle() or now - session.started > ABSOLUTE:
            self.end(cookie)
            return None
        session.seen = now
        return session

    def end(self, cookie: str) -> Session | None:
        """End a session; return it where there was one."""
        if self._service[0] == cookie:
            self._service = ("", 0.0)
        return self._open.pop(cookie, None)

    def end_user(self, name: str) -> None:
        """End every session of a user whose account changed."""
        for cookie in [c for c, s in self._open.items() if s.login.name == name]:
            self.end(cookie)

    def clear(self) -> None:
        """End all of them (restart)."""
        self._open.clear()
        self._service = ("", 0.0)

    def enter_service(self, cookie: str) -> bool:
        """Open the Service Management Service for one browser; False while another is in it."""
        holder, seen = self._service
        now = self._clock()
        if holder not in {"", cookie} and now - seen <= SERVICE_IDLE:
            return False
        self._service = (cookie, now)
        return True

    def in_service(self, cookie: str) -> bool:
        """Say whether this browser is in the service, within its five idle minutes."""
        holder, seen = self._service
        now = self._clock()
        if not cookie or holder != cookie or now - seen > SERVICE_IDLE:
            return False
        self._service = (cookie, now)
        return True

    def leave_service(self, cookie: str) -> None:
        """Close the Service Management Service for this browser."""
        if self._service[0] == cookie:
            self._service = ("", 0.0)
