"""Sets and tries the passwords of one live device, by the access that each belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from frisket.drivers.access.policy_hand import (
    PolicyHand,
    PolicyPasswordRefused,
    open_policy_hand,
)
from frisket.drivers.access.snmp import NoLogin, open_as
from frisket.drivers.access.snmp_hand import SnmpHand, open_hand
from frisket.drivers.access.web import open_web
from frisket.drivers.access.web_hand import WebHand, open_web_hand
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login, Secret
from frisket.drivers.read import Caller
from frisket.drivers.renew import Change, Renewed, recover, renew
from frisket.drivers.vault import Kind, Password, Vault, password_of, with_password
from frisket.errors import SettingRefused
from frisket.proto.snmp.client import Manager

_KEYS: Final = {
    Kind.REMOTE_UI: "admin.password",
    Kind.AUTHENTICATION: "snmp.v3.user.auth-password",
    Kind.ENCRYPTION: "snmp.v3.user.encryption-password",
}


def _nothing(_: str) -> None:
    """Do nothing at a named point; tests end the process there."""


@dataclass(frozen=True, slots=True)
class Renewer:
    """What is needed to change one device's passwords. `at` is the time of the change, in words."""

    caller: Caller
    vault: Vault
    at: str = ""
    point: Callable[[str], None] = field(default=_nothing)

    async def renew(self, kind: Kind, new: Secret) -> tuple[Renewed, str, Pin]:
        """Give the device a new password; say how it ended, why, and who the device proved to be.

        Raises as the accesses do where it is not reached, before anything is kept or sent.
        """
        old = password_of(self.caller.login, kind)
        if old is None and kind is not Kind.POLICY:
            raise NoLogin(f"no login with a {kind} password is given for it")
        pin, send, close = await self._open(kind)
        try:
            change = self._change(kind, pin, send)
            outcome, why = await renew(change, old or Secret(""), new)
        finally:
            close()
        return outcome, why, pin

    async def recover(self, entry: Password) -> tuple[Renewed, str]:
        """Find out which password of an interrupted change counts."""
        pin = Pin(serial=entry.serial) | self.caller.expected
        return await recover(self._change(entry.kind, pin, _never), entry)

    def _change(self, kind: Kind, pin: Pin, send: Callable[[Secret], Awaitable[None]]) -> Change:
        async def prove(secret: Secret) -> None:
            await self._prove(kind, with_password(self.caller.login, kind, secret), pin)

        address = self.caller.dialer.target.address
        return Change(address, kind, pin.serial, self.vault, prove, send, self.at, self.point)

    async def _open(
        self, kind: Kind
    ) -> tuple[Pin, Callable[[Secret], Awaitable[None]], Callable[[], None]]:
        """Open the device by the access that sets this password."""
        c = self.caller
        hand: WebHand | PolicyHand | SnmpHand
        if kind is Kind.POLICY:
            hand = await open_policy_hand(c.dialer, c.login, c.expected, c.around, c.seen)
            _encrypted(hand.web)
            return hand.pin, hand.change_password, hand.close
        if kind is Kind.REMOTE_UI:
            hand = await open_web_hand(c.dialer, c.login, c.expected, c.around, c.seen)
            _encrypted(hand)
            user = c.login.web.user if c.login.web else ""
            if hand.table.account != user:
                raise SettingRefused(f"only the password of {hand.table.account} can be renewed")
        else:
            hand = await open_hand(c.dialer, c.login, c.expected, c.around)
        opened = hand

        async def send(secret: Secret) -> None:
            await opened.write({_KEYS[kind]: secret.reveal()})

        return hand.pin | c.expected, send, hand.close

    async def _prove(self, kind: Kind, login: Login, pin: Pin) -> None:
        """Log in with a password in a session of its own. Raises what says that it is refused."""
        c = self.caller
        match kind:
            case Kind.POLICY:
                hand = await open_policy_hand(c.dialer, login, pin, c.around, Pin())
                hand.close()
                if hand.asked != bool(login.policy and login.policy.reveal()):
                    raise PolicyPasswordRefused("the device asks for no policy password")
            case Kind.REMOTE_UI:
                (await open_web(c.dialer, login, pin, c.around, Pin())).close()
            case _:
                (await open_as(Manager, c.dialer, login, pin, c.around)).close()


def _encrypted(hand: WebHand) -> None:
    if not hand.browser.encrypted:
        raise SettingRefused(
            "its Remote UI has no TLS: a new password would be readable on the way",
            hint="turn TLS on first: frisket apply TARGET --baseline small-office",
        )


async def _never(_: Secret) -> None:
    """Send nothing: what was interrupted is only found out."""
