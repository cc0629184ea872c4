"""FTP printing: logins, paths that lead nowhere, endless files, and settings that close it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.mfd.host import Host
from frisket.mfd.job import Job


@pytest.fixture
async def printer(tmp_path: Path) -> AsyncIterator[tuple[Device, Host]]:
    folder = tmp_path / "device"
    async with running_device(services=["ftp"], folder=folder) as (device, host):
        device.jobs.pace = 0
        yield device, host
    assert device.journal.counts["bugs"] == 0, device.journal.summary()


class Client:
    """A control connection, spoken by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> str:
        """Return the last line of one reply."""
        async with asyncio.timeout(10):
            while line := (await self.reader.readline()).decode():
                if line[:3].isdigit() and line[3:4] == " ":
                    return line.rstrip()
        return ""

    async def say(self, line: str) -> str:
        self.writer.write(f"{line}\r\n".encode())
        return await self.answer()

    async def login(self, user: str = "guest", password: str = "x") -> str:
        await self.say(f"USER {user}")
        return await self.say(f"PASS {password}")

    async def store(self, name: str, data: bytes) -> Sequence[str]:
        """Send a file in passive mode; return both replies."""
        await self.say("TYPE I")
        numbers = (await self.say("PASV")).partition("(")[2].partition(")")[0].split(",")
        host, port = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
        _, writer = await asyncio.open_connection(host, port)
        first = await self.say(f"STOR {name}")
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
        return first, (await self.answer() if first.startswith("1") else "")


async def connect(device: Device) -> Client:
    client = Client(*await asyncio.open_connection(device.address, device.port(21)))
    assert await client.answer() == "220 Connection established."
    return client


async def ended(device: Device, count: int = 1) -> list[Job]:
    async with asyncio.timeout(10):
        while len(device.jobs.ended()) < count:
            await asyncio.sleep(0.005)
    await device.jobs.settled()
    return device.jobs.ended()


async def test_a_file_is_a_job(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    client = await connect(device)
    assert (await client.login("ana")).startswith("230")
    for name in ("one.txt", "two.txt"):
        first, last = await client.store(name, b"words\f more\n")
        assert (first[:3], last[:3]) in {("125", "226"), ("150", "226")}
    two, one = await ended(device, 2)
    assert [(j.ticket.name, j.ticket.user, j.sheets) for j in (one, two)] == [
        ("one.txt", "ana", 2),
        ("two.txt", "ana", 2),
    ]
    assert await client.say("QUIT")
    client.writer.close()


async def test_logins_as_the_settings_say(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    for key, value in (("authentication", True), ("user", "ana"), ("password", "s3cret")):
        device.store.set(f"ftp.print.{key}", value, "test", "lab")
    client = await connect(device)
    assert (await client.say("STOR x")).startswith("530")
    assert (await client.login("ana", "wrong")).startswith("530")
    assert (await client.login("", "")).startswith("5")
    assert (await client.login("ana", "s3cret")).startswith("230")
    client.writer.close()
    async with asyncio.timeout(5):
        while device.journal.counts["failed_logins"] < 1:
            await asyncio.sleep(0.005)
    assert device.jobs.ended() == []


@pytest.mark.parametrize(
    "path",
    ["../../../../etc/passwd", "/etc/passwd", "..", "a\0b", "x" * 600, "~root/.ssh/x"],
    ids=["parents", "root", "parent", "nul", "long", "home"],
)
async def test_paths_lead_nowhere(printer: tuple[Device, Host], path: str, tmp_path: Path) -> None:
    device, _ = printer
    before = {p for p in tmp_path.rglob("*") if "jobs" not in str(p)}
    client = await connect(device)
    await client.login()
    assert (await client.say("CWD ..")).startswith("250")  # the root's parent is the root
    assert (await client.say("PWD")).startswith('257 "/"')
    assert (await client.say("CWD /etc")).startswith("550")
    assert (await client.say(f"RETR {path}")).startswith("550")
    first, _last = await client.store(path, b"words\n")
    if first.startswith("1"):
        [job] = await ended(device)
        assert "/" not in job.ticket.name
    client.writer.close()
    after = {p for p in tmp_path.rglob("*") if "jobs" not in str(p)}
    assert {p.suffix for p in after - before} <= {".ledger"}


async def test_unknown_commands_and_help(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    client = await connect(device)
    for line in ("DELE x", "MKD x", "SITE CHMOD 777 x", "FEAT", "STOU", "AUTH TLS", "\xff\xf4ZZZ"):
        assert await client.say(line) == "502  command not recognized."
    client.writer.write(b"HELP\r\n")
    words = b""
    while b"214 " not in words:
        words += await asyncio.wait_for(client.reader.readline(), 5)
    assert b"USER PASS QUIT PORT TYPE ABOR CWD XCWD LIST NLST" in words
    client.writer.close()


async def test_a_bounce_is_refused(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    client = await connect(device)
    await client.login()
    assert (await client.say("PORT 10,0,0,1,0,25")).startswith("501")
    client.writer.close()


async def test_an_endless_file_is_aborted(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    device.jobs.limit = 100_000
    client = await connect(device)
    await client.login()
    _, last = await client.store("endless", bytes(5_000_000))
    assert last[:1] in {"4", "5"}
    [job] = await ended(device)
    assert (job.word, job.sheets) == ("aborted", 0)
    assert (await client.say("NOOP")).startswith("200")
    client.writer.close()


async def test_overlong_lines_and_noise(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    for noise in (b"A" * 100_000 + b"\r\n", bytes(range(256)) * 20, b"\r\n" * 50):
        client = await connect(device)
        client.writer.write(noise)
        await client.writer.drain()
        client.writer.close()
    client = await connect(device)
    assert (await client.login()).startswith("230")
    client.writer.close()


async def test_sessions_are_bounded(printer: tuple[Device, Host]) -> None:
    device, _ = printer
    clients = [await connect(device) for _ in range(16)]
    extra = Client(*await asyncio.open_connection(device.address, device.port(21)))
    said = [await extra.answer(), await extra.answer()]
    assert any(line.startswith("421") for line in said), said
    for client in (*clients, extra):
        client.writer.close()


async def test_switching_off_and_on(printer: tuple[Device, Host]) -> None:
    device, host = printer
    client = await connect(device)
    device.store.set("ftp.print.enabled", False, "test", "lab")
    await host.settled()
    assert await client.reader.read() == b""
    client.writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(device.address, device.port(21))
    device.store.set("ftp.print.enabled", True, "test", "lab")
    await host.settled()
    (await connect(device)).writer.close()
