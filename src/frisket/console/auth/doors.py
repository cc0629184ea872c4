"""The doors: password, second factor, sessions, and how fast one may knock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from frisket.console.auth.passwords import Passwords
from frisket.console.auth.totp import Codes
from frisket.console.auth.who import Who, grants_of
from frisket.console.settings import Settings
from frisket.errors import FrisketError
from frisket.fleet.chain import Act
from frisket.fleet.log import AuditLog
from frisket.store.accounts import Account, AccountStore, account_name
from frisket.store.onetime import digest
from frisket.store.sessions import Session, SessionStore

# So many failures are free; each one after doubles the wait, up to the longest.
_FREE_FOR_NAME: Final = 5
_FREE_FOR_ADDRESS: Final = 30
_LONGEST_WAIT: Final = timedelta(minutes=15)
_FORGOTTEN: Final = timedelta(hours=24)
_SKEW: Final = timedelta(minutes=5)


class LoginRefused(FrisketError):
    """Name, password or code is not right, or there were too many attempts: wait a little."""


@dataclass(frozen=True, slots=True)
class Knock:
    """Where a login comes from."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was started: the browser's secret, and whether a code is still owed."""

    secret: str
    second: bool
    account: Account


def wait_after(count: int, free: int) -> timedelta:
    """Return how long nobody may try after so many failures."""
    if count < free:
        return timedelta(0)
    return min(_LONGEST_WAIT, timedelta(seconds=2 ** min(count - free + 1, 12)))


@dataclass(frozen=True, slots=True)
class Doors:
    """Logging in and out. Refusals say the same and take as long whether a name exists or not."""

    accounts: AccountStore
    sessions: SessionStore
    passwords: Passwords
    codes: Codes
    log: AuditLog
    settings: Settings
    clock: Callable[[], datetime]

    def who(self, secret: str) -> Who | None:
        """Return who a browser's secret belongs to, and note that the session is in use."""
        found = self.peek(secret)
        if found is not None and found.session is not None:
            self.sessions.touch(found.session, self.clock())
        return found

    def peek(self, secret: str) -> Who | None:
        """Return who a browser's secret belongs to, None where the session is over."""
        found = self._session(secret, "full")
        account = None if found is None else self.accounts.by_id(found.account)
        if found is None or account is None or account.disabled is not None:
            return None
        return Who(account, grants_of(account.grants), found)

    def _session(self, secret: str, stage: str) -> Session | None:
        found = self.sessions.find(secret) if secret else None
        now = self.clock()
        if found is None or found.stage != stage:
            return None
        # A clock that was set back must not lengthen a session.
        if not found.created - _SKEW <= now < found.created + self.settings.longest:
            return None
        limit = self.settings.idle if stage == "full" else self.settings.challenge
        return None if now - found.seen >= limit else found

    def log_in(self, name: str, password: str, knock: Knock) -> Opened:
        """Check name and password; a code may still be owed. Raises `LoginRefused`."""
        self._may_knock(name, knock)
        account = self.accounts.by_name(name)
        fits = self.passwords.fits(account.password if account else "", password)
        if account is None or not fits or account.disabled is not None:
            self._failed(name, knock, "password")
            raise LoginRefused
        if account.totp:
            return self.open(account, "password", knock, stage="second")
        return self.open(account, "password", knock)

    def second(self, secret: str, code: str, knock: Knock) -> Opened:
        """Check the code that is owed. Raises `LoginRefused`."""
        found = self._session(secret, "second")
        account = None if found is None else self.accounts.by_id(found.account)
        if found is None or account is None or account.disabled is not None:
            raise LoginRefused
        self._may_knock(account.name, knock)
        if not self.codes.fits(account, code, self.clock()):
            self._failed(account.name, knock, "code")
            raise LoginRefused
        return self.open(account, found.method + "+code", knock, instead_of=found.id)

    def open(
        self,
        account: Account,
        method: str,
        knock: Knock,
        *,
        stage: str = "full",
        instead_of: str = "",
        proved: datetime | None = None,
    ) -> Opened:
        """Start a session for an account that has shown who it is; always under a new secret.

        `proved` is when it did so, where that was not right now but at an identity provider.
        """
        now = self.clock()
        if stage == "full":
            self._log(account.name, "login", "done", knock, method)
            self.sessions.forgive(_key("name", account.name))
        secret = token_urlsafe(32)
        fresh = Session(
            id="",
            account=account.id,
            stage=stage,
            method=method,
            created=now,
            seen=now,
            proved=proved or now,
            address=knock.address,
            agent=knock.agent,
        )
        over = now - self.settings.longest
        self.sessions.start(
            secret, fresh, instead_of=instead_of, over=over, most=self.settings.sessions_most
        )
        return Opened(secret, stage != "full", account)

    def prove(self, who: Who, password: str, code: str, knock: Knock) -> Opened:
        """Let a person show once more who they are: a fresh session. Raises `LoginRefused`."""
        account = who.account
        self._may_knock(account.name, knock)
        fits = self.passwords.fits(account.password, password)
        if fits and account.totp:
            fits = self.codes.fits(account, code, self.clock())
        if not fits or who.session is None:
            self._failed(account.name, knock, "proof")
            raise LoginRefused
        return self.open(account, who.session.method, knock, instead_of=who.session.id)

    def strengthen(self, who: Who, factor: str, knock: Knock) -> Opened:
        """Let a session go on under a new secret after a factor was added; all others end."""
        before = who.session.method.partition("+")[0] if who.session else "-"
        opened = self.open(who.account, f"{before}+{factor}"[:20], knock)
        self.sessions.end_all(who.account.id, but=digest(opened.secret))
        return opened

    def refuse(self, name: str, knock: Knock, what: str) -> None:
        """Count and log a failed login of another kind."""
        self._failed(name, knock, what)

    def log_out(self, who: Who) -> None:
        """End this session."""
        if who.session is not None:
            self.log.record(Act(who.name, "logout"))
            self.sessions.end(who.session.id, who.account.id)

    def _may_knock(self, name: str, knock: Knock) -> None:
        now = self.clock()
        for key, free in self._keys(name, knock):
            count, last = self.sessions.failures(key)
            # A failure of the future was noted by a clock that has been set back since: it must not
            # shut people out until that future comes.
            if last is None or last > now + _SKEW:
                continue
            if now - last < wait_after(count, free):
                raise LoginRefused

    def _keys(self, name: str, knock: Knock) -> tuple[tuple[str, int], ...]:
        return (
            (_key("name", account_name(name)), _FREE_FOR_NAME),
            (_key("address", knock.address), _FREE_FOR_ADDRESS),
        )

    def _failed(self, name: str, knock: Knock, what: str) -> None:
        now = self.clock()
        for key, _ in self._keys(name, knock):
            self.sessions.note_failure(key, now, forget_before=now - _FORGOTTEN)
        # A password typed into the field of names must not stand in the log.
        known = self.accounts.by_name(name)
        self._log(known.name if known else "-", "login", "refused", knock, what)

    def _log(self, actor: str, action: str, outcome: str, knock: Knock, method: str) -> None:
        details = {"address": knock.address, "agent": knock.agent[:200], "method": method}
        self.log.record(Act(actor, action, actor, outcome, details))


def _key(kind: str, value: str) -> str:
    return f"{kind}:{value}"
