"""`frisket credentials`: new passwords for devices, and what is kept of them."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Visiting
from frisket.cli.support.planning import network_of
from frisket.cli.support.policies import each
from frisket.cli.support.session import now
from frisket.cli.support.shown import TableOrJson, in_order, print_json, print_table, say
from frisket.cli.support.vaults import open_vault
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login
from frisket.drivers.read import Caller
from frisket.drivers.renew import Renewed, generate
from frisket.drivers.renewing import Renewer
from frisket.drivers.vault import Kind, Password, State, Vault, login_beside
from frisket.errors import FrisketError, UsageError
from frisket.fleet.network import around
from frisket.fleet.policies import Policies
from frisket.model.finding import Incomplete
from frisket.model.target import Target

app = App(name="credentials", help="Give devices new passwords, each its own, and keep them.")

EXIT_DONE, EXIT_FAILED, EXIT_INCOMPLETE = 0, 1, 3
What = Literal["remote-ui", "policy", "snmp"]
_KINDS = {
    "remote-ui": (Kind.REMOTE_UI,),
    "policy": (Kind.POLICY,),
    "snmp": (Kind.AUTHENTICATION, Kind.ENCRYPTION),
}
_GOOD = frozenset({Renewed.DONE, Renewed.OLD})
Row = tuple[str, str, str, str]  # device, password, outcome, why
Visit = Callable[[Target], Awaitable[list[Row] | Incomplete]]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Visits devices to change their passwords, or to find out which one counts."""

    policies: Policies
    vault: Vault
    visiting: Visiting

    async def caller(self, target: Target, login: Login) -> Caller:
        """Meet a device before anything is sent. Raises `FrisketError`."""
        seen = await self.policies.meet(target)
        known = self.policies.pins.known(target.address)
        network = self.policies.network
        dialer = network.dialer(target)
        patience = network.patience
        return Caller(dialer, login, around(patience), known, Pin(serial=seen.serial))

    async def renew(self, kinds: tuple[Kind, ...], target: Target) -> list[Row] | Incomplete:
        """Give one device new passwords, one after the other; the first that fails ends it."""
        rows: list[Row] = []
        for kind in kinds:
            try:
                login = self.policies.credentials.for_device(target.address, target.name)
                if login is None:
                    return Incomplete(str(target), "no credential is given for it")
                caller = await self.caller(target, login)
                new = generate(secrets.randbelow)
                renewer = Renewer(caller, self.vault, now().isoformat(timespec="seconds"))
                outcome, why, pin = await renewer.renew(kind, new)
                self.policies.pins.remember(target.address, pin | caller.expected)
            except FrisketError as fault:
                hint = f" ({fault.hint})" if fault.hint else ""
                rows.append((str(target), kind, "not begun", f"{fault}{hint}"))
                break
            rows.append((str(target), kind, outcome, why))
            if outcome is not Renewed.DONE:
                break
        return rows

    async def recover(self, target: Target) -> list[Row] | Incomplete:
        """Find out which passwords of one device count."""
        rows: list[Row] = []
        entries = [self.vault.find(target.address, kind) for kind in Kind]
        for entry in (e for e in entries if e is not None and e.state is not State.SETTLED):
            try:
                caller = await self.caller(target, self._bare(target, entry))
                outcome, why = await Renewer(caller, self.vault, entry.at).recover(entry)
            except FrisketError as fault:
                rows.append((str(target), entry.kind, "not begun", str(fault)))
                continue
            rows.append((str(target), entry.kind, outcome, why))
        return rows

    def _bare(self, target: Target, entry: Password) -> Login:
        """Return the login in which the passwords of the entry are tried."""
        plain = replace(self.policies.credentials, kept=None)
        login = plain.for_device(target.address, target.name)
        if login is None:
            raise FrisketError("no credential is given for it")
        return login_beside(self.vault, entry, login)


def _keeper(visiting: Visiting, logging: Logging) -> Keeper:
    credentials = open_credentials(logging, visiting.inventory, needed=True, web=True)
    pins = open_pins(logging)
    return Keeper(
        Policies(load_content(), network_of(visiting), credentials, pins), open_vault(), visiting
    )


@app.command
def renew(
    *targets: str,
    what: tuple[What, ...] = ("remote-ui",),
    auto_approve: bool = False,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Give devices new generated passwords, each device its own.

    The new password is kept before it is sent, and the old one until the new one has let us in
    in a session of its own. They are kept in passwords.json of the state folder, for you alone, or
    where FRISKET_PASSWORDS says (a file, or `keyring`), and outrank the credentials file from then
    on. One device comes first; where it fails, no other is begun. Exit code: 0 done, 1 something
    failed, 3 some devices were not reached.

    Parameters
    ----------
    targets
        As for `frisket audit`.
    what
        remote-ui (the administrator's), policy (of the Security Policy Settings) or snmp (both
        passwords of the SNMPv3 user). May be given several times.
    auto_approve
        Do not ask.
    format
        table or json; passwords are in neither.
    """
    kinds = tuple(dict.fromkeys(kind for word in what for kind in _KINDS[word]))
    if not auto_approve:
        _ask(kinds)
    keeper = _keeper(visiting, logging)

    async def one(target: Target) -> list[Row] | Incomplete:
        return await keeper.renew(kinds, target)

    return _run(keeper, targets, "renewing", _after_the_first(one), format)


@app.command
def recover(
    *targets: str,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Find out which password counts where a change was interrupted: the new one, else the old.

    Each is tried once; this may cost one failed login.

    Parameters
    ----------
    targets
        Devices; without any, all whose change was interrupted.
    format
        table or json.
    """
    keeper = _keeper(visiting, logging)
    open_ones = {p.address for p in keeper.vault.all() if p.state is not State.SETTLED}
    words = targets or tuple(sorted(open_ones, key=in_order))
    if not words:
        say("no change of a password was interrupted")
        return EXIT_DONE
    return _run(keeper, words, "recovering", keeper.recover, format)


@app.command(name="list")
def list_kept(*, format: Annotated[TableOrJson, Parameter(alias="-f")] = "table") -> int:  # noqa: A002
    """List which passwords are kept for which devices, and since when; none is shown.

    Parameters
    ----------
    format
        table or json.
    """
    names = ("device", "password", "serial", "state", "at")
    rows = [
        (p.address, p.kind.value, p.serial, p.state.value, p.at)
        for p in sorted(open_vault().all(), key=lambda p: (in_order(p.address), p.kind))
    ]
    if format == "json":
        print_json({"format_version": 1, "kept": [dict(zip(names, r, strict=True)) for r in rows]})
    else:
        print_table(names, rows)
    return EXIT_DONE


@app.command
def reveal(address: str, what: Kind) -> int:
    """Print the kept password of a device, and where a change was interrupted the old one too.

    Parameters
    ----------
    address
        The device.
    what
        remote-ui, policy, snmp-authentication or snmp-encryption.
    """
    kept = open_vault().find(address, what)
    if kept is None:
        raise UsageError(f"no {what} password is kept for {address[:60]}")
    if kept.old is not None:
        say("a change was interrupted: the new password, then the old one")
    for secret in filter(None, (kept.new, kept.old)):
        sys.stdout.write(f"{secret.reveal()}\n")
    return EXIT_DONE


def _ask(kinds: tuple[Kind, ...]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to ask", hint="--auto-approve")
    sys.stderr.write(f"Give every target a new password for {', '.join(kinds)}? Only `yes` does: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("nothing was changed")


def _after_the_first(visit: Visit) -> Visit:
    """Return a visit that begins no other device before the first has ended well."""
    first: asyncio.Future[bool] | None = None

    async def guarded(target: Target) -> list[Row] | Incomplete:
        nonlocal first
        if first is None:
            first = asyncio.get_running_loop().create_future()
            good = False
            try:
                found = await visit(target)
                good = not isinstance(found, Incomplete) and all(r[2] in _GOOD for r in found)
            finally:
                first.set_result(good)
            return found
        if not await first:
            return Incomplete(str(target), "not begun: the first device failed")
        return await visit(target)

    return guarded


def _run(
    keeper: Keeper,
    words: tuple[str, ...],
    what: str,
    visit: Visit,
    form: str,
) -> int:
    """Visit devices, and print how it ended. Return the exit code."""
    found, missed = each(keeper.visiting, words, what, visit)
    rows = [row for _, rows in found for row in rows]
    names = ("device", "password", "outcome", "why")
    if form == "json":
        print_json(
            {
                "format_version": 1,
                "passwords": [dict(zip(names, row, strict=True)) for row in rows],
                "incomplete": [{"target": m.target, "why": m.why} for m in missed],
            }
        )
    else:
        print_table(names, rows)
    for miss in missed:
        say(f"{miss.target}: {miss.why}")
    if any(row[2] not in _GOOD for row in rows):
        return EXIT_FAILED
    return EXIT_INCOMPLETE if missed else EXIT_DONE
