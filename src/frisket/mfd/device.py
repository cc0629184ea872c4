"""One virtual device, put together from a personality, a plan and a folder."""

from __future__ import annotations

import hashlib
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frisket.audit.load import Content
from frisket.errors import UsageError
from frisket.ledger import Ledger
from frisket.mfd.address_book import AddressBook
from frisket.mfd.applications import Applications
from frisket.mfd.auditlog import ALWAYS, AuditLog, LogKind
from frisket.mfd.certificate import Certificates, KeyKind
from frisket.mfd.counters import Counters
from frisket.mfd.erds_memory import ErdsMemory
from frisket.mfd.glass import Glass
from frisket.mfd.jobs import Jobs
from frisket.mfd.journal import Journal
from frisket.mfd.levels import Levels
from frisket.mfd.personality import Personality, Quirks
from frisket.mfd.policy import Policy
from frisket.mfd.power import Power
from frisket.mfd.press import Machine
from frisket.mfd.remembered import Remembered
from frisket.mfd.sessions import LONG_IDLE, Sessions
from frisket.mfd.store import Context, Store
from frisket.mfd.tpm import Tpm
from frisket.mfd.troubles import Troubles
from frisket.mfd.users import Users
from frisket.model.reading import Value


@dataclass(frozen=True, slots=True)
class Plan:
    """What one device of a fleet is to be. `shift` moves ports below 1024 (no rights)."""

    address: str
    serial: str
    personality: Personality
    settings: Mapping[str, Value] = field(default_factory=dict)
    counters: Mapping[int, int] = field(default_factory=dict)
    state: str = "factory"
    shift: int = 0
    firmware: str = ""

    @property
    def mac(self) -> str:
        """Return a locally administered address derived from the serial number."""
        digest = hashlib.sha256(self.serial.encode()).hexdigest()
        return ":".join(["02", *(digest[i : i + 2] for i in range(0, 10, 2))])

    @property
    def uuid(self) -> str:
        """Return a stable UUID derived from the serial number."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"frisket:virtual-mfd:{self.serial}"))


def _alone(_: str) -> None:
    """Restart nothing: a device that no host runs."""


@dataclass(slots=True)
class Actions:
    """What a service may ask of whoever runs the device; the host puts its own in place.

    `restart(actor)` returns at once and restarts the device after the present answer.
    """

    restart: Callable[[str], None] = _alone


@dataclass(slots=True)
class Drift:
    """How far the device's clock is from that of its surroundings; setting the clock moves it."""

    offset: timedelta

    def move(self, by: timedelta) -> None:
        """Put the clock forward, or back."""
        self.offset += by


@dataclass(frozen=True, slots=True)
class Device:
    """Everything a service may touch."""

    plan: Plan
    content: Content
    store: Store
    policy: Policy
    users: Users
    log: AuditLog
    journal: Journal
    counters: Counters
    certificates: Certificates
    power: Power
    now: Callable[[], datetime]
    drift: Drift
    clock: Callable[[], float]
    folder: Path | None
    addresses: AddressBook
    applications: Applications
    sessions: Sessions
    levels: Levels
    jobs: Jobs
    tpm: Tpm
    troubles: Troubles
    erds: ErdsMemory
    glass: Glass = field(default_factory=Glass)
    remembered: Remembered = field(default_factory=Remembered)
    actions: Actions = field(default_factory=Actions)

    @property
    def personality(self) -> Personality:
        """Return the model's data."""
        return self.plan.personality

    @property
    def quirks(self) -> Quirks:
        """Return what this device does badly on purpose."""
        return self.plan.personality.quirks

    @property
    def address(self) -> str:
        """Return the address that every service listens on."""
        return self.plan.address

    @property
    def name(self) -> str:
        """Return the device's host name."""
        return self.store.text("network.host-name") or f"Canon{self.plan.mac[9:].replace(':', '')}"

    @property
    def firmware(self) -> str:
        """Return the controller version."""
        return self.plan.firmware or self.personality.firmware

    def port(self, standard: int) -> int:
        """Return where this device serves a standard port."""
        return standard + self.plan.shift if standard < 1024 else standard

    def reported(self, key: str) -> Value:
        """Return what the device says a setting is: the stored value, unless it lies about it."""
        return self.quirks.lies.get(key, self.store[key])

    def spool(self) -> Path:
        """Return the folder for job files and keys, made on first use."""
        return _spool(self.folder, self.plan.serial)


def _open_folder(folder: Path | None) -> None:
    if folder is None:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"no state can be kept in {folder}: {fault.strerror}") from fault


def _spool(folder: Path | None, serial: str) -> Path:
    base = folder or Path(tempfile.gettempdir()) / f"frisket-mfd-{serial}"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    return base


def _system_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a device is given from outside: content, clocks, and where it keeps its state."""

    content: Content
    folder: Path | None = None
    now: Callable[[], datetime] = _system_now
    clock: Callable[[], float] = time.monotonic


def _ledger(folder: Path | None, name: str) -> Ledger:
    return Ledger(folder / f"{name}.ledger" if folder else None)


def _key_kind(plan: Plan) -> KeyKind:
    quirks = plan.personality.quirks
    return KeyKind(
        "close-primes" if quirks.close_primes else quirks.key_type,
        quirks.expired_certificate,
        seed=int.from_bytes(plan.serial.encode()[-4:]),
    )


def _power(plan: Plan, journal: Journal, clock: Callable[[], float]) -> Power:
    quirks = plan.personality.quirks
    return Power(journal, clock, quirks.wake_seconds, asleep=quirks.sleeps)


def _idle(store: Store) -> Callable[[], float]:
    def idle() -> float:
        automatic = store.on("auth.auto-logout.enabled")
        return float(store.number("auth.auto-logout.time")) if automatic else LONG_IDLE

    return idle


def _machine(
    plan: Plan,
    around: Surroundings,
    parts: tuple[Store, Journal, AuditLog, Users],
    now: Callable[[], datetime],
) -> Machine:
    """Return the parts that jobs need."""
    store, journal, log, users = parts
    folder = around.folder
    counters = Counters(_ledger(folder, "counters"), plan.counters)
    return Machine(
        store=store,
        journal=journal,
        counters=counters,
        log=log,
        power=_power(plan, journal, around.clock),
        levels=Levels(plan.personality),
        troubles=Troubles(_ledger(folder, "troubles"), now, lambda: counters.values[101]),
        personality=plan.personality,
        is_known=lambda user: users.role(user) is not None,
        now=now,
        spool=lambda: _spool(folder, plan.serial),
        lasting=folder is not None,
    )


def build_device(plan: Plan, around: Surroundings) -> Device:
    """Put a device together; what its folder remembers comes before the plan's settings.

    Raises `UsageError` or `LedgerFault` where the folder cannot be used.
    """
    folder = around.folder
    _open_folder(folder)
    drift = Drift(timedelta(seconds=plan.personality.quirks.clock_offset))

    def now() -> datetime:
        return around.now() + drift.offset

    # The log asks the store whether to save, the store writes to the log: bound late on purpose.
    parts: dict[str, Store] = {}

    def saves(kind: LogKind) -> bool:
        return kind in ALWAYS or parts["store"].on("audit-log.save")

    log = AuditLog(_ledger(folder, "audit"), now, saves)
    journal = Journal(_ledger(folder, "journal"), around.now)
    policy = Policy(around.content, _ledger(folder, "policy"), log)
    context = Context(around.content.catalog, journal, log, policy.locked)
    store = Store(plan.personality, _ledger(folder, "settings"), context, plan.settings)
    parts["store"] = store
    users = Users(store, _ledger(folder, "users"), log, journal, now)
    machine = _machine(plan, around, (store, journal, log, users), now)
    return Device(
        plan=plan,
        content=around.content,
        store=store,
        policy=policy,
        users=users,
        log=log,
        journal=journal,
        counters=machine.counters,
        certificates=Certificates(folder, plan.serial.lower(), _key_kind(plan), store, now),
        power=machine.power,
        now=now,
        drift=drift,
        clock=around.clock,
        folder=folder,
        addresses=AddressBook(_ledger(folder, "addresses")),
        applications=Applications(_ledger(folder, "applications")),
        sessions=Sessions(around.clock, _idle(store)),
        levels=machine.levels,
        jobs=Jobs(machine, _ledger(folder, "jobs"), _ledger(folder, "boxes")),
        tpm=Tpm(_ledger(folder, "tpm"), store, log),
        troubles=machine.troubles,
        erds=ErdsMemory(_ledger(folder, "erds")),
    )
