"""`frisket restore`: bring a device back to a recorded configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.configuration import Configuration, choose, read_configurations
from frisket.audit.load import load_content
from frisket.catalog.load import Catalog, load_catalog
from frisket.cli.support.carry import Carrying, accept, carry_out
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Accepting, Spreading, Visiting
from frisket.cli.support.planning import network_of
from frisket.cli.support.policies import each
from frisket.cli.support.saved_plans import save_plan
from frisket.cli.support.session import now
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.approach import approach
from frisket.drivers.base import Pin
from frisket.drivers.credential_file import read_private
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject
from frisket.drivers.plan_file import content_version
from frisket.drivers.read import Caller, Told
from frisket.drivers.restore import is_another, plan_restore
from frisket.errors import CaptureError, FrisketError, UsageError
from frisket.fleet.network import around
from frisket.fleet.policies import Policies
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target
from frisket.proto.snmp.errors import Denied

app = App(name="restore", help="Bring a device back to a recorded configuration.")


@app.default
def restore(
    target: str,
    *,
    from_: Annotated[Path, Parameter(name="--from")],
    file_password: Path | None = None,
    accept_other_device: bool = False,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    auto_approve: bool = False,
    format: Annotated[Literal["table", "jsonl"], Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
    accepting: Accepting = Accepting(),
) -> int:
    """Bring a device back to a recorded configuration: shown as a plan, asked about, carried out.

    Only what differs is written. Secrets are in no record and stay as they are; names of the
    machine are restored on the same machine only. Take it back with `frisket apply --undo RUN`.

    Parameters
    ----------
    target
        One device.
    from_
        A capture (audit --record), an audit with what the device said (audit -o x.json, x.jsonl),
        `lab truth --format json`, or a virtual device's settings file (.frisket-dcm).
    file_password
        A file, readable by you alone, with the password of a settings file.
    accept_other_device
        Take over what was recorded of another device.
    output
        Save the plan here, for `frisket apply`, and change nothing.
    auto_approve
        Do not ask.
    format
        table at the end, or jsonl with every event as it happens.
    """
    catalog = load_catalog()
    recorded = _recorded(from_, file_password, catalog)
    credentials = open_credentials(logging, visiting.inventory, needed=True)
    policies = Policies(load_content(), network_of(visiting), credentials, open_pins(logging))
    restorer = Restorer(policies, recorded, str(from_), catalog, accept_other_device)
    found, missed = each(visiting, (target,), "planning", restorer.plan)
    if len(found) + len(missed) != 1:
        raise UsageError(f"{target[:60]} names {len(found) + len(missed)} devices; name one")
    if missed:
        raise UsageError(f"{missed[0].target}: {missed[0].why}")
    devices = tuple(device for _, device in found)
    plan = Plan("recorded", content_version(), now(), devices)
    plan = accept(plan, accepting)
    if output is None:
        return carry_out(
            plan, Carrying(credentials, policies.pins, visiting, Spreading(), format, auto_approve)
        )
    save_plan(plan, output)
    return 0


def _recorded(path: Path, password: Path | None, catalog: Catalog) -> tuple[Configuration, ...]:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UsageError(f"cannot read {path}: {fault.strerror}") from fault
    word = read_private(password, "the password").strip("\r\n") if password else None
    return read_configurations(data, str(path), catalog, word)


@dataclass(frozen=True, slots=True)
class Restorer:
    """Plans a device's way back to what was recorded of it."""

    policies: Policies
    recorded: tuple[Configuration, ...]
    source: str
    catalog: Catalog
    other_device: bool

    async def plan(self, target: Target) -> DevicePlan | Incomplete:
        """Plan one device; `Incomplete` says why it is not."""
        try:
            login = self.policies.credentials.for_device(target.address, target.name)
            if login is None:
                return Incomplete(str(target), "no credential is given for it")
            seen = await self.policies.meet(target)
            caller = Caller(
                self.policies.network.dialer(target),
                login,
                around(self.policies.network.patience),
                self.policies.pins.known(target.address),
                Pin(serial=seen.serial),
            )
            return await approach(caller, partial(self._plan, target, seen))
        except IdentityChanged as fault:
            hint = f"--new-identity {target.address} where it was replaced on purpose"
            return Incomplete(str(target), f"{fault} ({hint})")
        except (Denied, LoginRefused) as fault:
            return Incomplete(str(target), f"the credential is refused: {fault}")
        except FrisketError as fault:
            return Incomplete(str(target), str(fault))

    def _plan(
        self, target: Target, seen: Identity, told: Told, accesses: tuple[str, ...]
    ) -> DevicePlan:
        known = self.policies.pins.known(target.address)
        pin = told.pin | known
        self.policies.pins.remember(target.address, pin)
        names = (target.address, target.name)
        recorded = choose(self.recorded, self.source, names, pin.serial)
        why = is_another(recorded, pin.serial)
        if why and not self.other_device:
            raise CaptureError(f"{why} (--accept-other-device takes it all the same)")
        driver = next(driver for driver in load_drivers() if driver.name == told.driver)
        identity = seen | Identity(model=told.descr, serial=told.pin.serial)
        subject = Subject(
            target,
            identity,
            pin,
            driver,
            told.access,
            told.readings,
            Readings(),
            accesses,
            told.frozen,
        )
        return plan_restore(subject, recorded, self.catalog)
