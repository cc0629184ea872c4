"""Opens a device to change it, by whichever access. Not for those who only look."""

from __future__ import annotations

from frisket.drivers.access.ipp_hand import open_ipp_hand
from frisket.drivers.access.pjl_hand import open_pjl_hand
from frisket.drivers.access.policy_hand import open_policy_hand
from frisket.drivers.access.snmp import Around, NoLogin
from frisket.drivers.access.snmp_hand import open_community_hand, open_hand
from frisket.drivers.access.web_hand import open_web_hand
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import Login
from frisket.net.dial import Dialer


async def open_by(access: str, dialer: Dialer, login: Login, expected: Pin, around: Around) -> Hand:
    """Open a device to change it. Raises `NoLogin`, `NoDriver`, `IdentityChanged`, `LinkError`."""
    match access:
        case "snmp-v3":
            return await open_hand(dialer, login, expected, around)
        case "snmp-community":
            return await open_community_hand(dialer, login, expected, around)
        case "remote-ui":
            return await open_web_hand(dialer, login, expected, around, Pin())
        case "remote-ui-policy":
            return await open_policy_hand(dialer, login, expected, around, Pin())
        case "ipp":
            return await open_ipp_hand(dialer, login, expected, around, Pin())
        case "pjl":
            return await open_pjl_hand(dialer, login, expected, around, Pin())
        case _:
            raise NoLogin(f"{access} is no access to a device")
