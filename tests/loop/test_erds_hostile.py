"""E-RDS against bad luck and bad company: proxies, full disks, gateways that lie, many devices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.erds import ON, Scene, scene
from tests.lab import make_device
from tests.peers.pki import Authority, authority
from tests.unit.probe.lan import HOST

from frisket.errors import FrisketError, UsageError
from frisket.ledger import Ledger, LedgerFault, Record
from frisket.mfd.erds.talk import com_log, communication_test
from frisket.mfd.host import Host
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.services import erds
from frisket.mfd.troubles import TroubleKind
from frisket.model.reading import Value
from frisket.proto.erds.message import Operation
from frisket.telemetry.erds_reception import Accepted


@pytest.fixture(scope="module")
def ca() -> Authority:
    return authority("Test CA")


@pytest.fixture(scope="module")
def pair(ca: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ca.issue(tmp_path_factory.mktemp("pki"), "127.0.0.1")


@asynccontextmanager
async def says(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve a port that hears one head and says one thing."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 407 no\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n", "know"),
        (b"HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n", "answered 403"),
        (b"SSH-2.0-nonsense\r\n\r\n", "HTTP"),
        (b"HTTP/1.1 200 yes\r\n\r\nthis is no TLS at all, is it", "TLS"),
        (b"", "answer"),
    ],
)
async def test_a_proxy_that_is_none_is_ng(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, answer: bytes, why: str
) -> None:
    async with says(answer) as (port, heard):
        settings: dict[str, Value] = {
            "proxy.enabled": True,
            "proxy.server": HOST,
            "proxy.port": port,
        }
        settings |= {"proxy.authentication.enabled": True, "proxy.user": "u"}
        async with scene(ca, pair, tmp_path, settings=settings) as s:
            with pytest.raises(FrisketError, match=why):
                await communication_test(s.device, "service")
            assert s.gateway.tries == 0
            assert heard[0].startswith(f"CONNECT 127.0.0.1:{s.gateway.port} ".encode())
            assert com_log(s.device)[0].result == "NG"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "no gateway"),
        ("http://127.0.0.1", "HTTPS only"),
        ("127.0.0.1:9100", "prints what it receives"),
        ("bad name", "is no gateway"),
    ],
)
async def test_an_address_that_cannot_be_is_refused(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, address: str, why: str
) -> None:
    async with scene(ca, pair, tmp_path, settings={"remote-service.gateway": address}) as s:
        with pytest.raises(FrisketError, match=why):
            await communication_test(s.device, "service")


async def test_a_gateway_that_answers_nonsense_is_none(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        for octets in (b"", b"<html>", b'{"version":1,"result":"perhaps"}', b"x" * 100_000):
            monkeypatch.setattr("tests.erds.busy", lambda _, o=octets: _Said(o))
            s.gateway.mood = "busy"
            with pytest.raises(OutsideFault):
                await communication_test(s.device, "service")
        assert not s.device.erds.state.registered


class _Said:
    status = 200

    def __init__(self, body: bytes) -> None:
        self.body = body


async def test_on_a_full_disk_nothing_is_numbered_and_nothing_is_lost(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        real: Callable[..., None] = Ledger.replace
        full = True

        def replace(self: Ledger, records: list[Record]) -> None:
            if full:
                raise LedgerFault("no space left on device")
            real(self, records)

        monkeypatch.setattr(Ledger, "replace", replace)
        before, sequence = s.gateway.tries, s.device.erds.state.sequence
        s.device.troubles.happen(TroubleKind.JAM, "0101")
        await s.when(lambda: any("no space" in line.detail for line in com_log(s.device)))
        assert s.device.erds.state.sequence == sequence
        assert s.gateway.tries == before
        full = False
        await s.host.stop()
        again = Host(s.device, [erds.SERVICE])
        await again.start()
        try:
            await s.got(Operation.JAM, 1)
        finally:
            await again.stop()
        assert s.gateway.shelf.of(Operation.JAM)[0].faults[0].code == "0101"


async def test_a_sleeping_device_wakes_to_send(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.device.power.sleep()
        s.device.troubles.happen(TroubleKind.ALARM)
        await s.got(Operation.ALARM, 1)
        assert s.device.journal.counts["wakes"] == 1


async def test_a_thousand_devices_without_it_cost_nothing() -> None:
    devices = [make_device() for _ in range(1000)]
    hosts = [Host(device, [erds.SERVICE]) for device in devices]
    before = len(asyncio.all_tasks())
    for host in hosts:
        await host.start()
    try:
        assert len(asyncio.all_tasks()) == before
        assert all(not device.erds.state.seed for device in devices)
        assert not any(device.levels.watchers for device in devices)
    finally:
        for host in hosts:
            await host.stop()


async def test_the_service_ends_without_a_trace() -> None:
    device = make_device(settings={ON: True})
    host = Host(device, [erds.SERVICE])
    before = len(asyncio.all_tasks())
    watching = len(device.troubles.watchers)
    await host.start()
    assert len(asyncio.all_tasks()) == before + 1
    device.store.set(ON, False, "service", "service-mode")
    await host.settled()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
    assert len(device.troubles.watchers) == watching
    assert device.levels.watchers == []
    with pytest.raises(UsageError):
        await communication_test(device, "service")
    await host.stop()


async def test_power_cut_at_any_moment_every_jam_is_told_once(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device's disk as it was after each write is a device that starts anew."""
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        moments: list[tuple[Path, dict[tuple[str, str, int], Accepted]]] = []
        real: Callable[..., None] = Ledger.replace

        def replace(self: Ledger, records: Iterable[Record]) -> None:
            real(self, records)
            moment = tmp_path / f"moment-{len(moments)}"
            shutil.copytree(tmp_path / "device", moment)
            moments.append((moment, dict(s.gateway.shelf.kept)))

        s.device.troubles.happen(TroubleKind.JAM, "0101")
        s.device.troubles.happen(TroubleKind.JAM, "0102")
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "replace", replace)
            await s.got(Operation.JAM, 2)
            await s.got(Operation.ALERT, 1)
        await s.host.stop()
        assert len(moments) >= 8
        later = [kept for _, kept in moments[1:]] + [dict(s.gateway.shelf.kept)]
        for (moment, kept), soon in zip(moments, later, strict=True):
            # The next message may have arrived just before the power went, or not.
            for arrived in (kept, soon):
                s.gateway.shelf.kept = dict(arrived)
                await told_again(s, moment)
                codes = [r.faults[0].code for r in s.gateway.shelf.of(Operation.JAM)]
                assert codes == ["0101", "0102"], moment


async def told_again(s: Scene, folder: Path) -> None:
    """Run the device of that folder until it has told all."""
    copied = folder.with_suffix(".again")
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(folder, copied)
    device = make_device(folder=copied, serial="VMF70001", now=s.clock)
    gateway = {"remote-service.port": s.gateway.port, "remote-service.gateway": HOST, ON: True}
    for key, value in gateway.items():
        device.store.set(key, value, "test", "lab")
    host = Host(device, [erds.SERVICE])
    await host.start()
    async with asyncio.timeout(20):
        while device.erds.state.waiting or device.erds.state.trouble < 2:
            await asyncio.sleep(0.002)
    await host.stop()
