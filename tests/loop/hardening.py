"""A user's plan and apply on running virtual devices, without the command line around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.cli.support.options import Visiting, Words
from frisket.cli.support.planning import network_of
from frisket.cli.support.session import open_session
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login, Scoped, Secret, WebLogin
from frisket.drivers.job import Mode, Pace, passed
from frisket.drivers.pins import Pins
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import Progress, Record, Result, Run, new_record, read_run
from frisket.fleet.carrying import Applier, to_resume, to_undo
from frisket.fleet.planning import Planner
from frisket.mfd.device import Device
from frisket.model.finding import Incomplete
from frisket.model.reading import Value
from frisket.model.target import Target

CONTENT = load_content()
WEB = WebLogin("Administrator", Secret("7654321"), plaintext=True)
LOGIN = Login("initial", "SHA1", "AES-128", Secret("initial1"), Secret("initial1"), web=WEB)
RUN = "20261122-120000-000001"
BACK = "20261122-120000-000002"
PACE = Pace(settling=(0.0, 0.5, 1.0), busy=(0.1, 0.2, 0.4), back=6.0)


def target_of(device: Device) -> Target:
    """Return where a device is."""
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    return Target(device.address, ports=ports, named=True)


@dataclass
class Hardener:
    """Somebody with a folder for records, and logins."""

    folder: Path
    login: Login = LOGIN
    pace: Pace = PACE
    visiting: Visiting = field(default_factory=lambda: Visiting(patience=0.6, quiet=True))
    events: list[tuple[str, str]] = field(default_factory=list)
    heard: Callable[[str, str], None] = lambda what, detail: None
    point: Callable[[str], None] = passed
    accepting: bool = True  # devices may be left without a way to manage them

    @property
    def credentials(self) -> Credentials:
        """Return the login, for every device."""
        return Credentials((Scoped(("*",), self.login),))

    async def planned(self, device: Device, baseline: str) -> DevicePlan | Incomplete:
        """Plan a device."""
        return await self.planned_at(target_of(device), baseline)

    async def planned_at(self, target: Target, baseline: str) -> DevicePlan | Incomplete:
        """Plan the device that is at a target."""
        session = open_session(CONTENT, baseline, Words())
        pins = Pins(self.folder / "devices.ledger")
        planner = Planner(session, network_of(self.visiting), self.credentials, pins)
        return await planner.plan(target)

    def met(self, address: str, pin: Pin) -> None:
        """Remember who let us in over a way that was opened."""
        pins = Pins(self.folder / "devices.ledger")
        pins.remember(address, pins.known(address) | pin)

    async def plan(self, device: Device, baseline: str) -> DevicePlan:
        """Plan a device that can be planned."""
        found = await self.planned(device, baseline)
        assert isinstance(found, DevicePlan), found
        assert found.driver, found.why
        return found

    async def apply(self, plan: DevicePlan, run: str = RUN) -> Result:
        """Carry out a plan in a run of its own."""
        whole = Plan("x", "", datetime.now(UTC), (plan,))
        record = new_record(self.folder, run)
        record.begin(run, whole)
        return await self._one(whole, record, Mode.FRESH)

    async def resume(self) -> Result:
        """Go on with the run."""
        run, record = read_run(self.folder, RUN, load_catalog())
        (device,) = to_resume(run)
        return await self._one(run.plan, record, Mode.RESUMED, run.devices, device)

    async def undo(self) -> Result:
        """Take the run back."""
        whole = to_undo(self.run)
        record = new_record(self.folder, BACK)
        record.begin(BACK, whole, RUN)
        return await self._one(whole, record, Mode.UNDO)

    @property
    def run(self) -> Run:
        """Return the run as it stands on disk."""
        return read_run(self.folder, RUN, load_catalog())[0]

    @property
    def has_begun(self) -> bool:
        """Say whether the run's plan is on disk."""
        path = self.folder / f"{RUN}.run"
        return path.exists() and path.read_bytes().count(b"\n") > 0

    @property
    def open_still(self) -> bool:
        """Say whether the run has something to go on with."""
        return bool(to_resume(self.run))

    def recorded(self, device: Device) -> Progress:
        """Return what the record says of a device."""
        return self.run.devices[device.address]

    async def _one(
        self,
        whole: Plan,
        record: Record,
        mode: Mode,
        begun: Mapping[str, Progress] | None = None,
        device: DevicePlan | None = None,
    ) -> Result:
        def event(_: str, what: str, detail: str) -> None:
            self.events.append((what, detail))
            self.heard(what, detail)

        typed = (whole.devices[0].address,) if self.accepting else ()
        applier = Applier(
            replace(whole, accept_no_channel=typed),
            record,
            network_of(self.visiting),
            self.credentials,
            mode,
            event,
            begun or {},
            self.pace,
            self.point,
            self.met,
        )
        return await applier.one(device or whole.devices[0])


def clean(device: Device) -> bool:
    """Say whether no sheet was printed and no login failed."""
    counts = device.journal.counts
    return not (counts["sheets"] or counts["print_port_bytes"] or counts["failed_logins"])


def stored(device: Device) -> dict[str, Value]:
    """Return every setting in effect, straight from the device."""
    return {key: device.store.effective(key) for key in device.store.keys()}  # noqa: SIM118
