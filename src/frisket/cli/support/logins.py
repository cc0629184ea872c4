"""Where a verb gets credentials and remembers devices: options, files, environment, prompt."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from cyclopts import Parameter

from frisket.cli.support.groups import scopes_of, state_folder
from frisket.cli.support.vaults import SystemRing, open_vault
from frisket.drivers.credential import Credentials
from frisket.drivers.credential_file import Sources, from_environment, read_credentials
from frisket.drivers.pins import Pins
from frisket.drivers.vault import Overlay
from frisket.errors import UsageError


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Logging:
    """How devices are logged in to.

    Parameters
    ----------
    credentials
        Logins by device (TOML; readable by you alone). Without it: FRISKET_SNMP_USER,
        FRISKET_SNMP_AUTHENTICATION_PASSWORD and FRISKET_SNMP_ENCRYPTION_PASSWORD, or a prompt.
    new_identity
        Accept that another device than before stands at this address.
    pjl
        Speak PJL to the print port of the device at this address, to read and set its variables.
        Asked and told are variables only, never a job; but a device that knows no PJL may print
        what it receives.
    """

    credentials: Path | None = None
    new_identity: tuple[str, ...] = ()
    pjl: tuple[str, ...] = ()


_NAMES = ("FRISKET_SNMP_USER", "FRISKET_REMOTE_UI_PASSWORD")


def _ask(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("no credential is given", hint="name a file with --credentials")
    return getpass.getpass(prompt)


def open_credentials(
    logging: Logging, inventory: Path | None = None, *, needed: bool = False, web: bool = False
) -> Credentials:
    """Return the logins of this run; where none is given and none `needed`, none is asked for.

    `web`: it is the Remote UI that is wanted.
    """
    sources = Sources(os.environ, _ask, SystemRing(), scopes_of(inventory))
    if logging.credentials is not None:
        found = read_credentials(logging.credentials, sources)
    elif (needed and not logging.pjl) or any(os.environ.get(name) for name in _NAMES):
        found = from_environment(sources, web=web)
    else:
        return Credentials(pjl=frozenset(logging.pjl))
    return replace(found, kept=Overlay(open_vault()), pjl=frozenset(logging.pjl))


def open_pins(logging: Logging) -> Pins:
    """Return who is known at which address, without those the user says are new."""
    pins = Pins(state_folder() / "devices.ledger")
    for address in logging.new_identity:
        pins.forget(address)
    return pins
