"""Carries out a device's plan on record, proved by the network; what is left of a run to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from frisket.catalog.load import load_catalog
from frisket.drivers.access.hands import open_by
from frisket.drivers.access.snmp import Around, NoLogin
from frisket.drivers.access.web import open_web
from frisket.drivers.access.web_hand import WebHand
from frisket.drivers.apply import apply_device
from frisket.drivers.base import WEB, Driver, Hand, Pin, Way
from frisket.drivers.credential import Credentials, Login
from frisket.drivers.job import Job, Mode, Pace, passed
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import Outcome, Progress, Record, Result, Run
from frisket.drivers.undo import inverse
from frisket.drivers.ways import encrypts, is_open, seen_from
from frisket.errors import UsageError
from frisket.fleet.network import Network, around, now
from frisket.model.reading import Readings
from frisket.net.dial import source_of


def let_go(address: str, pin: Pin) -> None:
    """Keep nothing of who was met."""


@dataclass(frozen=True, slots=True)
class Applier:
    """Everything a run needs. `begun`: what an interrupted run had come to, by address.

    `met(address, pin)` hears who let us in over a way that was opened: its certificate is seen for
    the first time then, and has to be the same ever after.
    """

    plan: Plan
    record: Record
    network: Network
    credentials: Credentials
    mode: Mode
    event: Callable[[str, str, str], None]
    begun: Mapping[str, Progress] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    point: Callable[[str], None] = passed
    met: Callable[[str, Pin], None] = let_go

    async def one(self, device: DevicePlan) -> Result:
        """Carry out one device's plan."""
        refused = self._refused(device)
        if refused is not None:
            self.record.result(refused)
            self.event(device.address, "outcome", refused.outcome)
            return refused

        hands: list[Hand] = []

        async def opened(access: str) -> Hand:
            login = self._login(device)
            dialer = self.network.dialer(device.target, login)
            hands.append(await open_by(access, dialer, login, device.pin, self._around))
            return hands[-1]

        async def hand() -> Hand:
            return await opened(device.access)

        async def door() -> Hand:
            return await opened(device.entry)

        left = left_open(device)

        async def other() -> Hand:
            return await opened(left)

        async def look(keys: frozenset[str]) -> Readings:
            return await self.network.look(device.target, keys)

        def tell(what: str, detail: str) -> None:
            self.event(device.address, what, detail)

        begun = self.begun.get(device.address, Progress())
        job = Job(
            device,
            hand,
            look,
            self.record,
            tell,
            self.mode,
            open_door=door,
            open_left=other if left else None,
            proofs=self._proofs(device),
            meant=tuple(begun.meant),
            undoing=begun.undoing,
            doubted=begun.doubted,
            alone=device.address in self.plan.accept_no_channel,
            pace=self.pace,
            point=self.point,
        )
        result = await apply_device(job)
        for each in hands:
            if isinstance(each, WebHand) and each.pin.tls:  # perhaps since a restart
                self.met(device.address, Pin(tls=each.pin.tls))
        return result

    @property
    def _around(self) -> Around:
        return around(self.network.patience)

    def _login(self, device: DevicePlan) -> Login:
        login = self.credentials.for_device(device.address, device.target.name)
        if login is None:
            raise NoLogin("no credential is given for it")
        return login

    def _proofs(self, device: DevicePlan) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return how to log in over each way that we have a login for."""
        login = self.credentials.if_sure(device.address, device.target.name)
        if login is None or login.web is None:
            return {}
        driver = next(d for d in load_drivers() if d.name == device.driver)
        return {
            way.name: partial(self._log_in, device, login, way)
            for way in driver.ways
            if way.access == WEB and (encrypts(way) or login.web.plaintext)
        }

    async def _log_in(self, device: DevicePlan, login: Login, way: Way) -> None:
        """Log in over a way of the Remote UI once. Raises what says why that does not work."""
        assert login.web is not None
        web = replace(login.web, plaintext=not encrypts(way))
        dialer = self.network.dialer(device.target)
        seen = Pin(serial=device.pin.serial)
        reader = await open_web(dialer, replace(login, web=web), device.pin, self._around, seen)
        reader.close()
        self.met(device.address, Pin(tls=reader.pin.tls))

    def _refused(self, device: DevicePlan) -> Result | None:
        if not device.driver or device.why:
            return Result(device.address, Outcome.REFUSED, device.why)
        if refusals := replace(self.plan, back=self.mode is Mode.UNDO).refusals(device):
            return Result(device.address, Outcome.REFUSED, "; ".join(map(str, refusals)))
        return None

    def left_out(self, result: Result) -> None:
        """Record a device that the run did not reach."""
        self.record.result(result)
        self.event(result.address, "outcome", result.outcome)


NOBODY: Mapping[str, str] = {}


def left_open(device: DevicePlan) -> str:
    """Return an access that is open once the plan is carried out, and is not its own; "" if none.

    By it a device is read whose own way was closed as the last thing, before that was on record.
    """
    driver = next(d for d in load_drivers() if d.name == device.driver)
    after = {**device.state, **{step.key: step.wanted for step in device.steps}}
    return next(
        (
            access
            for access in driver.accesses
            if access != device.access
            and any(way.access == access and is_open(way, after) for way in driver.ways)
        ),
        "",
    )


_OPEN = frozenset(
    {Outcome.UNKNOWN, Outcome.NOT_BEGUN, Outcome.UNREACHABLE, Outcome.DENIED, Outcome.BUSY}
)


def to_resume(run: Run) -> tuple[DevicePlan, ...]:
    """Return the devices of a run that have no outcome, or one that was only put off."""
    return tuple(
        device
        for device in run.plan.devices
        if (result := run.devices[device.address].result) is None or result.outcome in _OPEN
    )


def to_undo(run: Run, without: Mapping[str, str] = NOBODY) -> Plan:
    """Return the plan that takes a run back. Raises `UsageError` where it changed nothing.

    `without` are the devices where that has been done, by address, and which run did it.
    """
    drivers = {driver.name: driver for driver in load_drivers()}

    def seen(device: DevicePlan) -> Driver:
        return seen_from(drivers[device.driver], source_of(device.address))

    devices = tuple(
        inverse(device, tuple(progress.meant), seen(device), load_catalog())
        for device in run.plan.devices
        if (progress := run.devices[device.address]).meant and device.driver in drivers
        if device.address not in without
    )
    if not devices and without:
        by = ", ".join(sorted(set(without.values())))
        hint = f"frisket apply --undo {by.rpartition(' ')[2]} does it again"
        raise UsageError(f"run {run.id} was taken back already by {by}", hint=hint)
    if not devices:
        raise UsageError(f"run {run.id} has left nothing to undo")
    return replace(run.plan, devices=devices, missed=(), made=now(), back=True)
