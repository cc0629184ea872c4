"""LPD and RAW: what comes in is printed and counted; what is hostile is survived."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import make_device, running_device

from frisket.errors import WireError
from frisket.mfd.device import Device
from frisket.mfd.host import Host
from frisket.mfd.job import Job
from frisket.mfd.services import lpd, raw
from frisket.mfd.ticket import Ticket
from frisket.proto.ipp.names import JobState
from frisket.proto.pjl.wire import UEL, read_command


@pytest.fixture
async def printer(tmp_path: Path) -> AsyncIterator[tuple[Device, Host]]:
    folder = tmp_path / "device"
    async with running_device(services=["lpd", "raw"], folder=folder) as (device, host):
        device.jobs.pace = 0
        yield device, host
    assert device.journal.counts["bugs"] == 0, device.journal.summary()


async def exchange(device: Device, port: int, *pieces: bytes, end: bool = True) -> bytes:
    """Send pieces, close our half, and return all that comes back."""
    reader, writer = await asyncio.open_connection(device.address, device.port(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def ended(device: Device, count: int = 1) -> list[Job]:
    async with asyncio.timeout(10):
        while len(device.jobs.ended()) < count:
            await asyncio.sleep(0.005)
    await device.jobs.settled()
    return device.jobs.ended()


def lpd_job(data: bytes, *lines: str) -> list[bytes]:
    control = "".join(f"{line}\n" for line in ("Hclient", "Pana", "Jreport", *lines)).encode()
    return [
        b"\2anything\n",
        b"\2%d cfA001client\n" % len(control),
        control + b"\0",
        b"\3%d dfA001client\n" % len(data),
        data + b"\0",
    ]


async def test_lpd_prints_as_often_as_the_control_file_says(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    pieces = lpd_job(b"page one\fpage two\n", "fdfA001client", "fdfA001client", "fdfA001client")
    assert await exchange(device, 515, *pieces) == bytes(5)
    [job] = await ended(device)
    assert (job.state, job.sheets) == (JobState.COMPLETED, 6)
    assert (job.ticket.user, job.ticket.name, job.ticket.host) == ("ana", "report", "client")
    assert device.journal.counts["sheets"] == 6
    assert device.journal.counts["print_port_bytes"] == sum(map(len, pieces))


async def test_lpd_stores_into_a_box_by_queue_name(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    pieces = lpd_job(b"text\n", "fdfA001client")
    await exchange(device, 515, b"\2box07\n", *pieces[1:])
    [job] = await ended(device)
    assert (job.message, job.sheets) == ("stored in box 07", 0)
    assert device.jobs.boxes.counts() == {7: 1}


async def test_lpd_data_before_control(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    queue, *rest = lpd_job(b"text\n", "ldfA001client")
    await exchange(device, 515, queue, *rest[2:], *rest[:2])
    [job] = await ended(device)
    assert job.ticket.user == "ana"


async def test_lpd_data_of_unknown_length(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    await exchange(device, 515, b"\2q\n", b"\0030 dfA001client\n", b"all there is\n")
    assert (await ended(device))[0].sheets == 1


async def test_lpd_aborted_and_cut_jobs_print_nothing(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    pieces = lpd_job(b"text\n", "fdfA001client")
    assert await exchange(device, 515, *pieces, b"\1\n") == bytes(6)
    await exchange(device, 515, b"\2q\n", b"\x03100 dfA001client\n", b"half")
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 0
    assert not list((device.spool() / "jobs").iterdir())


async def test_lpd_refuses_more_than_the_limit(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    device.jobs.limit = 100
    assert await exchange(device, 515, b"\2q\n\x03101 dfA001client\n") == b"\0\1"
    await exchange(device, 515, b"\2q\n\0030 dfA001client\n", b"x" * 1000)
    [job] = await ended(device)
    assert job.state is JobState.ABORTED
    assert device.journal.counts["sheets"] == 0


async def test_lpd_queue_and_removal(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    device.store.set("print.hold.forced", True, "test", "lab")
    await exchange(device, 515, *lpd_job(b"text\n", "fdfA001client"))
    [job] = device.jobs.active()
    shown = await exchange(device, 515, b"\3lp\n")
    assert b"ana" in shown
    assert b"report" in shown
    await exchange(device, 515, b"\5lp eve %d\n" % job.id)
    assert device.jobs.active()
    await exchange(device, 515, b"\5lp ana %d\n" % job.id)
    assert await exchange(device, 515, b"\4lp\n") == b"no entries\n"


async def test_raw_prints_whatever_it_is(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    await exchange(device, 9100, b"GET / HTTP/1.0\r\n\r\n")
    await ended(device)
    assert device.journal.counts["sheets"] == 1
    assert device.journal.counts["print_port_bytes"] == 18


async def test_raw_answers_pjl_without_printing(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    # What nmap's probe hp-pjl sends.
    reply = await exchange(device, 9100, UEL + b"@PJL INFO ID\r\n" + UEL + b"\r\n")
    assert reply == b'@PJL INFO ID\r\n"Canon iR-ADV C5535/5540 (virtual)"\r\n\x0c'
    status = await exchange(device, 9100, UEL + b"@PJL INFO STATUS\r\n@PJL ECHO hi\r\n" + UEL)
    assert b"CODE=10001" in status
    assert status.endswith(b"@PJL ECHO hi\r\n\x0c")
    await device.jobs.settled()
    assert device.jobs.ended() == []


async def test_raw_jobs_in_one_connection(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    first = UEL + b'@PJL SET USERNAME="ana"\r\n@PJL SET COPIES=2\r\n@PJL ENTER LANGUAGE=PCL\r\n'
    second = UEL + b"@PJL EOJ\r\n" + UEL + b'@PJL JOB NAME="two"\r\n@PJL ENTER LANGUAGE=PCL\n'
    stream = first + b"\x1bEone\x0c" + second + b"\x1bEtwo\x0cthree\x0c" + UEL
    # In single octets: nothing may depend on how TCP cuts the stream.
    await exchange(device, 9100, *(stream[i : i + 1] for i in range(len(stream))))
    two, one = await ended(device, 2)
    assert (one.ticket.user, one.sheets, one.format) == ("ana", 2, "application/vnd.hp-PCL")
    assert (two.ticket.name, two.ticket.user, two.sheets) == ("two", "", 2)


async def test_connect_and_close_leaves_no_trace(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    for port in (515, 9100):
        assert await exchange(device, port) == b""
    assert device.journal.counts["print_port_bytes"] == 0
    assert device.journal.counts["sheets"] == 0
    assert not (device.spool() / "jobs").exists()


async def test_a_setting_closes_its_port(printer: tuple[Device, Host]) -> None:
    device, host = printer
    assert set(host.ports()) == {"lpd", "raw"}
    device.store.set("lpd.enabled", False, "test", "lab")
    await host.settled()
    assert set(host.ports()) == {"raw"}


def test_pjl_wishes() -> None:
    ticket = Ticket(via="raw")
    for line in (
        b"@PJL SET DUPLEX=ON PAPER=A3",
        b'@PJL SET HOLDKEY="1234"',
        b"@PJL SET RENDERMODE=GRAYSCALE",
        b"@PJL SET COPIES=99999",
    ):
        ticket = raw.wish(ticket, read_command(line))
    assert (ticket.two_sided, ticket.media) == (True, "iso_a3_297x420mm")
    assert (ticket.pin, ticket.color, ticket.copies) == ("1234", "monochrome", 9999)
    assert raw.wish(ticket, read_command(b"@PJL EOJ")) == Ticket(via="raw")


class _Stream:
    """A connection that brings given pieces and takes answers."""

    def __init__(self, device: Device, pieces: list[bytes]) -> None:
        self.device, self.service, self.peer = device, "fuzz", "127.0.0.1"
        self.pieces = pieces

    async def read(self, most: int = 0) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def write(self, data: bytes) -> None:
        assert data


_LPD = [b"\1", b"\2lp\n", b"\3", b"\5", b"lp", b" ", b"\n", b"5", b"cfA001h", b"dfA001h", b"\0"]
_PJL = [UEL, UEL[:5], b"@PJL", b" ", b"\r\n", b"INFO ID", b"SET COPIES=", b"ENTER LANGUAGE=PCL"]


@pytest.mark.parametrize("talk", [lpd._talk, raw._talk], ids=["lpd", "raw"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pieces=st.lists(
        st.binary(min_size=1, max_size=40)
        | st.lists(st.sampled_from(_LPD + _PJL), min_size=1).map(b"".join),
        max_size=8,
    )
)
def test_any_octets_are_survived(talk: Any, pieces: list[bytes]) -> None:
    async def converse() -> None:
        device = make_device(serial=f"FUZZ{os.getpid()}")
        device.jobs.pace = 0
        with contextlib.suppress(WireError):
            await talk(_Stream(device, list(pieces)))
        await device.jobs.settled()
        assert device.journal.counts["bugs"] == 0, device.journal.summary()
        assert not list((device.spool() / "jobs").glob("*"))

    asyncio.run(converse())
