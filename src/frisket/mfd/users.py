"""Users, passwords, lockout and the factory password's special treatment."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from frisket.errors import FrisketError, SettingRefused
from frisket.ledger import Ledger
from frisket.mfd.auditlog import AuditLog, LogKind
from frisket.mfd.journal import Journal
from frisket.mfd.store import Store

ADMINISTRATOR = "Administrator"
FACTORY_PASSWORD = "7654321"  # noqa: S105 - documented in Canon's manuals, for practice


class Role(StrEnum):
    """What a user may do (the device's predefined roles)."""

    ADMINISTRATOR = "Administrator"
    DEVICE_ADMIN = "DeviceAdmin"
    NETWORK_ADMIN = "NetworkAdmin"
    GENERAL = "GeneralUser"
    GUEST = "GuestUser"


class LoginRefused(FrisketError):
    """The login failed; the message says no more than a device would."""


@dataclass(frozen=True, slots=True)
class User:
    """One account. `digest` is scrypt over the password with `salt`, both hexadecimal."""

    name: str
    role: Role
    salt: str = ""
    digest: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A successful login. `default_password` asks for the warning page, `expired` for a new one."""

    name: str
    role: Role
    default_password: bool = False
    expired: bool = False

    @property
    def is_administrator(self) -> bool:
        """Say whether every setting may be changed."""
        return self.role is Role.ADMINISTRATOR


def _digest(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=1024, r=8, p=1).hex()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def check_new_password(password: str, store: Store) -> None:
    """Raise `SettingRefused` where a password breaks the device's own password settings."""
    if len(password) > 32:
        raise SettingRefused("a password has at most 32 characters")
    if len(password) < store.number("password.minimum-length"):
        length = store.number("password.minimum-length")
        raise SettingRefused(f"a password has at least {length} characters")
    if store.on("password.prohibit-repeats") and re.search(r"(.)\1\1", password):
        raise SettingRefused("three identical characters in a row are not allowed")
    for key, pattern, what in (
        ("password.need-uppercase", r"[A-Z]", "an uppercase character"),
        ("password.need-lowercase", r"[a-z]", "a lowercase character"),
        ("password.need-digit", r"[0-9]", "a digit"),
        ("password.need-symbol", r"[^A-Za-z0-9]", "a symbol"),
    ):
        if store.on(key) and not re.search(pattern, password):
            raise SettingRefused(f"a password contains at least one of: {what}")


class Users:
    """The accounts of one device. Failures count towards the lockout and stand in the journal."""

    __slots__ = ("_failures", "_journal", "_ledger", "_log", "_now", "_store", "_users")

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        log: AuditLog,
        journal: Journal,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._log = log
        self._journal = journal
        self._now = now
        self._users: dict[str, User] = {}
        self._failures: dict[str, tuple[int, datetime]] = {}
        for record in ledger.read():
            if record.get("removed"):
                self._users.pop(record["name"], None)
            else:
                self._users[record["name"]] = User(**{**record, "role": Role(record["role"])})

    def names(self) -> list[str]:
        """Return all account names, the built-in one first."""
        return [ADMINISTRATOR, *sorted(self._users)]

    def role(self, name: str) -> Role | None:
        """Return a user's role, None for nobody."""
        if name == ADMINISTRATOR:
            return Role.ADMINISTRATOR
        user = self._users.get(name)
        return user.role if user else None

    def check_new(self, password: str) -> None:
        """Raise `SettingRefused` where a new password breaks the password settings."""
        check_new_password(password, self._store)

    def put(self, name: str, role: Role, password: str, actor: str) -> None:
        """Register a user or change one. Raises `SettingRefused` for a poor password or name."""
        if not re.fullmatch(r"[\w .@-]{1,32}", name):
            raise SettingRefused("a user name has 1 to 32 letters, digits, spaces or . @ - _")
        check_new_password(password, self._store)
        if name == ADMINISTRATOR:
            self._store.set("admin.password", password, actor, "remote-ui")
            return
        salt = os.urandom(16).hex()
        changed = self._now().isoformat()
        user = User(name, role, salt, _digest(password, salt), changed)
        self._ledger.append({slot: getattr(user, slot) for slot in User.__slots__})
        self._users[name] = user
        self._log.add(LogKind.USER_AUTHENTICATION, actor, "Register User", f"{name} as {role}")

    def remove(self, name: str, actor: str) -> None:
        """Delete a user; the built-in Administrator stays."""
        if name not in self._users:
            raise SettingRefused("no such user, or one that cannot be deleted")
        self._ledger.append({"name": name, "removed": True})
        del self._users[name]
        self._log.add(LogKind.USER_AUTHENTICATION, actor, "Delete User", name)

    def clear(self, actor: str) -> None:
        """Delete every registered user ([Initialize All Data/Settings])."""
        self._ledger.replace(())
        self._users.clear()
        self._failures.clear()
        self._log.add(LogKind.USER_AUTHENTICATION, actor, "Delete All Users")

    def _is_right(self, name: str, password: str) -> bool:
        if name == ADMINISTRATOR:
            return _same(str(self._store["admin.password"]), password)
        user = self._users.get(name)
        if user is None:
            # The same work for nobody as for somebody: names cannot be found out by timing.
            _digest(password, "00" * 16)
            return False
        return _same(user.digest, _digest(password, user.salt))

    def _locked_until(self, name: str) -> datetime | None:
        count, last = self._failures.get(name, (0, self._now()))
        if not self._store.on("auth.lockout.enabled"):
            return None
        if count < self._store.number("auth.lockout.threshold"):
            return None
        until = last + timedelta(minutes=self._store.number("auth.lockout.period"))
        if until <= self._now():
            del self._failures[name]
            return None
        return until

    def login(self, name: str, password: str, via: str, *, remote: bool) -> Login:
        """Check a user's password. Raises `LoginRefused`; counts and records every failure."""
        role = self.role(name)
        if self._locked_until(name) is not None:
            self._refuse(name, via, "locked out", count=False)
        if role is None or not self._is_right(name, password):
            # Names that nobody has are not counted: whoever invents them must not fill the memory.
            self._refuse(name, via, "wrong user name or password", count=role is not None)
        assert role is not None
        factory = name == ADMINISTRATOR and password == FACTORY_PASSWORD
        if factory and remote and not self._store.on("password.allow-default-remote"):
            self._refuse(name, via, "the default password cannot be used for remote access")
        self._failures.pop(name, None)
        self._log.add(LogKind.USER_AUTHENTICATION, name, "Login", via)
        warn = factory and self._store.on("password.warn-default")
        return Login(name, role, warn, expired=self._expired(name))

    def login_department(self, department: str, pin: str, via: str, *, remote: bool) -> Login:
        """Check the System Manager's ID and PIN; lockout does not apply to them (SP-35)."""
        if remote and self._store.on("auth.prohibit-department-id"):
            self._refuse(department, via, "Department ID authentication is prohibited")
        wanted_id = str(self._store["admin.system-manager.id"]).zfill(7)
        wanted_pin = str(self._store["admin.system-manager.pin"]).zfill(7)
        if not _same(wanted_id, department.zfill(7)) or not _same(wanted_pin, pin.zfill(7)):
            self._refuse(department, via, "wrong Department ID or PIN", count=False)
        factory = wanted_id == wanted_pin == FACTORY_PASSWORD
        if factory and remote and not self._store.on("password.allow-default-remote"):
            self._refuse(department, via, "the default password cannot be used for remote access")
        self._log.add(LogKind.USER_AUTHENTICATION, department, "Login", via)
        warn = factory and self._store.on("password.warn-default")
        return Login(department, Role.ADMINISTRATOR, warn)

    def _expired(self, name: str) -> bool:
        days = self._store.number("password.validity-days")
        user = self._users.get(name)
        if not days or user is None:
            return False
        return datetime.fromisoformat(user.changed) + timedelta(days=days) < self._now()

    def _refuse(self, name: str, via: str, why: str, *, count: bool = True) -> None:
        if count:
            self._failures[name] = (self._failures.get(name, (0, None))[0] + 1, self._now())
        self._journal.add("failed_logins", f"{name} via {via}: {why}")
        self._log.add(LogKind.USER_AUTHENTICATION, name, "Login", f"{via}: {why}", ok=False)
        raise LoginRefused(why)
