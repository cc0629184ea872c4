"""How one console is set up: where it is reached, and how long things last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from frisket.fleet.roles import Grant, Role

_POWERFUL: Final = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})


class SecondFactor(StrEnum):
    """Of whom a second factor is asked: of everyone, of both kinds of administrators, of nobody."""

    EVERYONE = "everyone"
    ADMINISTRATORS = "administrators"
    NOBODY = "nobody"

    def asked_of(self, grants: Iterable[Grant]) -> bool:
        """Say whether somebody with these roles needs more than a password."""
        if self is SecondFactor.ADMINISTRATORS:
            return any(grant.role in _POWERFUL for grant in grants)
        return self is SecondFactor.EVERYONE


@dataclass(frozen=True, slots=True)
class Settings:
    """The console's setup.

    `origin` is what people type: scheme, host and port. Passkeys and the login of an identity
    provider hold for it alone. `hosts` are further names under which requests are answered.
    Without `second_factor` everyone needs one where others reach the console (https), and nobody
    on the machine itself. `sessions_most` are the sessions of one account at a time.
    `proxies` are addresses whose word on whom they carry (X-Forwarded-For) is believed.
    """

    origin: str = "http://localhost:8631"
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    idle: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=8)
    proof: timedelta = timedelta(minutes=10)
    link: timedelta = timedelta(minutes=30)
    challenge: timedelta = timedelta(minutes=5)
    token_most: timedelta = timedelta(days=90)
    body_most: int = 1 << 20
    sessions_most: int = 10
    proxies: frozenset[str] = frozenset()
    second_factor: SecondFactor | None = None

    @property
    def factor_rule(self) -> SecondFactor:
        """Return of whom a second factor is asked."""
        if self.second_factor is not None:
            return self.second_factor
        away = self.origin.startswith("https:")
        return SecondFactor.EVERYONE if away else SecondFactor.NOBODY

    @property
    def host(self) -> str:
        """Return the host of `origin`, without its port: what passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""

    def answers_to(self, host: str) -> bool:
        """Say whether a request's Host header names this console (any port)."""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name.lower() in self.hosts or name.lower() == self.host
