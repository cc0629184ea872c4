"""The IPP driver against LPrint, a server by somebody else: what it sets and what it refuses."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.peers.daemons import program
from tests.peers.serving import open_folder, serving

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.drivers.access.hands import open_by
from frisket.drivers.access.snmp import Around, IdentityChanged
from frisket.drivers.apply import apply_device
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import IppLogin, Login, Secret
from frisket.drivers.difference import Difference, Step
from frisket.drivers.job import Job, Mode
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan, Subject, arrange, plan_device
from frisket.drivers.read import Caller, Told, Unreached, read_by, read_first, usable
from frisket.drivers.record import Outcome, Result, new_record
from frisket.drivers.undo import inverse
from frisket.model.finding import Severity
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

CONTENT = load_content()
CATALOG = load_catalog()
DRIVERS = {driver.name: driver for driver in load_drivers()}
AROUND = Around(CATALOG, load_drivers(), lambda: datetime.now(UTC), timeouts=(1.0, 1.0))
LIMITS = Limits(packets_per_second=0, seconds=60, packets=2000)
ANYBODY = Login("", "SHA1", "AES-128", Secret(""), Secret(""), ipp=IppLogin())
NOBODY = replace(ANYBODY, ipp=None)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def lprint() -> Iterator[int]:
    """Run LPrint (PAPPL) with one label printer, and yield its port."""
    port = free_port()
    with open_folder() as folder:
        options = ["server-hostname=localhost", f"server-port={port}", "log-file=-"]
        options += [f"spool-directory={folder}/spool", "server-options=multi-queue,no-tls"]
        words = [word for option in options for word in ("-o", option)]
        with serving(["lprint", "server", *words], port, folder=folder):
            added = ["add", "-d", "label", "-v", "file:///dev/null", "-m", "zpl_4inch-203dpi-dt"]
            environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
            subprocess.run(
                [program("lprint"), *added],
                check=True,
                capture_output=True,
                env=environment,
                timeout=30,
            )
            yield port


def ipptool(port: int, attribute: str, path: str = "/ipp/print") -> str:
    """Return an attribute as CUPS's own ipptool reads it."""
    words = ["ipptool", "-tv", f"ipp://127.0.0.1:{port}{path}", "get-printer-attributes.test"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    line = next(text for text in done.stdout.splitlines() if f"{attribute} (" in text)
    return line.partition("=")[2].strip()


def dialer(port: int) -> SocketDialer:
    return SocketDialer(Target("127.0.0.1", ports={631: port}), Budget(LIMITS))


def subject(port: int, told: Told) -> Subject:
    target, driver, empty = Target("127.0.0.1", ports={631: port}), DRIVERS[told.driver], Readings()
    return Subject(
        target,
        Identity(),
        told.pin,
        driver,
        told.access,
        told.readings,
        empty,
        usable(ANYBODY),
        told.frozen,
    )


async def planned(port: int, values: Mapping[str, Value], around: Around = AROUND) -> DevicePlan:
    told = await read_first(usable(ANYBODY), Caller(dialer(port), ANYBODY, around))
    steps = []
    for key, value in values.items():
        setting, now = CATALOG[key], told.readings.known(key)[0].value
        steps.append(
            Step(key, setting.label, setting.menu, now, value, ("x",), ("X",), Severity.LOW)
        )
    found = Difference(tuple(steps))
    return arrange(subject(port, told), found, {s.key: s.now for s in steps}, CATALOG)


async def carried_out(
    port: int,
    plan: DevicePlan,
    folder: Path,
    mode: Mode = Mode.FRESH,
    run: int = 1,
    *,
    around: Around = AROUND,
) -> Result:
    name = f"20261122-120000-{run:06d}"
    record = new_record(folder, name)
    record.begin(name, Plan("x", "", datetime.now(UTC), (plan,)))

    async def hand() -> Hand:
        return await open_by(plan.access, dialer(port), ANYBODY, plan.pin, around)

    async def look(_: frozenset[str]) -> Readings:
        return Readings()

    return await apply_device(Job(plan, hand, look, record, lambda *_: None, mode))


WANTED: Mapping[str, Value] = {"device.location": "Cellar"}


def system_location(port: int) -> str:
    """Return where the whole device stands, as ipptool reads it."""
    test = """{ OPERATION Get-System-Attributes GROUP operation-attributes-tag
    ATTR charset attributes-charset utf-8 ATTR language attributes-natural-language en
    ATTR uri system-uri $uri ATTR keyword requested-attributes system-location }"""
    with open_folder() as folder:
        (folder / "t.test").write_text(test, encoding="ascii")
        words = ["ipptool", "-tv", f"ipp://127.0.0.1:{port}/ipp/system", str(folder / "t.test")]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    line = next(text for text in done.stdout.splitlines() if "system-location (" in text)
    return line.partition("=")[2].strip()


@pytest.mark.peer("lprint")
async def test_a_device_is_changed_by_its_system_service_and_brought_back(tmp_path: Path) -> None:
    with lprint() as port:
        assert system_location(port) == ""
        plan = await planned(port, WANTED)
        assert (plan.driver, plan.access) == ("ipp-printer", "ipp")
        assert plan.pin.uuid
        result = await carried_out(port, plan, tmp_path)
        assert result.outcome is Outcome.DONE, result.why
        assert system_location(port) == "Cellar"
        back = inverse(plan, result.changed, DRIVERS["ipp-printer"], CATALOG)
        undone = await carried_out(port, back, tmp_path, Mode.UNDO, 2)
        assert undone.outcome is Outcome.DONE, undone.why
        assert system_location(port) == ""


@pytest.mark.peer("lprint")
async def test_a_real_printer_that_acknowledges_and_forgets_is_caught(tmp_path: Path) -> None:
    """LPrint 1.1 (PAPPL 1.3.1) answers successful-ok for printer-location and keeps nothing."""
    driver = DRIVERS["ipp-printer"]
    assert driver.ipp is not None
    keys = {key: replace(row, system="") for key, row in driver.ipp.key.items()}
    plain = replace(AROUND, drivers=(replace(driver, ipp=replace(driver.ipp, key=keys)),))
    with lprint() as port:
        plan = await planned(port, WANTED, plain)
        result = await carried_out(port, plan, tmp_path, around=plain)
        kept = ipptool(port, "printer-location") == "Cellar"
        assert result.outcome is (Outcome.DONE if kept else Outcome.UNDONE)
        assert kept or "did not keep it" in result.why


@pytest.mark.peer("lprint")
async def test_another_printer_at_the_address_is_left_alone(tmp_path: Path) -> None:
    with lprint() as port:
        plan = await planned(port, WANTED)
        other = replace(plan, pin=Pin(uuid="00000000-0000-0000-0000-000000000000"))
        result = await carried_out(port, other, tmp_path)
        assert result.outcome is Outcome.IDENTITY_CHANGED
        with pytest.raises(IdentityChanged, match="printer UUID"):
            await open_by("ipp", dialer(port), ANYBODY, other.pin, AROUND)
        assert system_location(port) == ""


@pytest.mark.peer("lprint")
async def test_what_the_printer_refuses_undoes_the_rest(tmp_path: Path) -> None:
    """Without a DNS-SD responder LPrint takes no new name in Bonjour."""
    with lprint() as port:
        plan = await planned(port, {"mdns.name": "Label in the cellar", **WANTED})
        result = await carried_out(port, plan, tmp_path)
        assert result.outcome is Outcome.UNDONE
        assert "printer-dns-sd-name" in result.why
        assert "client-error-attributes-or-values-not-supported" in result.why
        assert system_location(port) == ""


@pytest.mark.peer("lprint")
async def test_a_baseline_that_ipp_cannot_meet_is_a_work_order() -> None:
    with lprint() as port:
        told = await read_by("ipp", Caller(dialer(port), ANYBODY, AROUND))
        plan = plan_device(subject(port, told), CONTENT.baselines["small-office"], CONTENT)
        assert plan.steps == ()
        assert plan.work
        assert all(work.steps for work in plan.work)


async def test_without_a_login_nobody_is_asked() -> None:
    with pytest.raises(Unreached, match="no login is given"):
        await read_first(usable(NOBODY), Caller(dialer(1), NOBODY, AROUND))
