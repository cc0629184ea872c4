"""A virtual device reports to the route that the gateway mounts, through uvicorn and TLS."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from tests.erds import CODE, ON, Shelf
from tests.lab import running_device
from tests.peers.pki import Authority, authority

from frisket.mfd.erds.talk import com_log, communication_test
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.trust import trust
from frisket.mfd.troubles import TroubleKind
from frisket.model.reading import Value
from frisket.proto.erds import seal
from frisket.proto.erds.message import MOST_OCTETS, PATH, Operation, Result
from frisket.proto.erds.wire import read_answer
from frisket.store.database import StoreFault
from frisket.telemetry.erds_reception import Accepted, Reception
from frisket.telemetry.erds_web import Bounds, Door, erds_route


def now() -> datetime:
    return datetime.now(UTC)


class Moody(Shelf):
    """A store that may be away."""

    away: bool = False

    def keep(self, accepted: Accepted) -> bool:
        if self.away:
            raise StoreFault("the database is away")
        return super().keep(accepted)


@pytest.fixture
def shelf() -> Moody:
    kept = Moody()
    kept.codes[seal.code_digest(CODE)] = ("", datetime(2100, 1, 1, tzinfo=UTC))
    return kept


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def door(shelf: Moody, said: list[str]) -> Iterator[Door]:
    made = Door(Reception(shelf), now, Bounds(patience=0.3), said.append)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ca() -> Authority:
    return authority("Gateway CA")


@asynccontextmanager
async def serving(door: Door, ca: Authority, folder: Path) -> AsyncIterator[int]:
    key, certificate = ca.issue(folder, "127.0.0.1")
    config = uvicorn.Config(
        Starlette(routes=[erds_route(door)]),
        ssl_keyfile=str(key),
        ssl_certfile=str(certificate),
        log_level="critical",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        task = asyncio.create_task(server._serve([sock]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield sock.getsockname()[1]
        server.should_exit = True
        await task


async def until(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not right():
            await asyncio.sleep(0.01)


async def test_from_registration_to_a_jam_while_the_database_comes_and_goes(
    shelf: Moody, door: Door, said: list[str], ca: Authority, tmp_path: Path
) -> None:
    async with serving(door, ca, tmp_path) as port:
        settings: dict[str, Value] = {
            ON: True,
            "remote-service.gateway": "127.0.0.1",
            "remote-service.port": port,
            "remote-service.registration-code": CODE,
        }
        async with running_device(
            settings=settings, services=["erds"], folder=tmp_path / "device"
        ) as (device, _):
            trust(device, ca.pem, "test")
            await communication_test(device, "service")
            await until(lambda: len(shelf.of(Operation.FIRMWARE)) == 1)
            shelf.away = True
            device.troubles.happen(TroubleKind.JAM)
            await until(lambda: device.erds.state.retry is not None)
            assert device.erds.state.failures == 0  # the gateway said to come back: no failure
            assert shelf.of(Operation.JAM) == []
            shelf.away = False
            device.erds.state.retry = now()
            device.erds.wake()
            await until(lambda: len(shelf.of(Operation.JAM)) == 1)
            shelf.keys.clear()
            with pytest.raises(OutsideFault, match="code is not valid"):
                await communication_test(device, "service")
            assert com_log(device)[0].result == "NG"
    assert any("the database is away" in line for line in said)
    assert any("code is not valid" in line for line in said)


@asynccontextmanager
async def client(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=[erds_route(door)]))
    async with httpx.AsyncClient(transport=transport, base_url="https://g") as made:
        yield made


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{}", 400), (b"x" * MOST_OCTETS, 400), (b"x" * (MOST_OCTETS + 1), 413)],
)
async def test_what_is_no_report(door: Door, body: bytes, status: int) -> None:
    async with client(door) as asked:
        answer = await asked.post(PATH, content=body)
    assert answer.status_code == status
    assert read_answer(answer.content).result is Result.MALFORMED


async def test_a_body_without_a_length_is_bounded_too(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    async with client(door) as asked:
        assert (await asked.post(PATH, content=endless())).status_code == 413


async def test_a_body_that_drips_is_given_up(door: Door) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    async with client(door) as asked:
        assert (await asked.post(PATH, content=dripping())).status_code == 408


async def test_too_many_at_a_time_are_sent_away(shelf: Moody) -> None:
    door = Door(Reception(shelf), now, Bounds(requests=0))
    async with client(door) as asked:
        answer = await asked.post(PATH, content=b"{}")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) == read_answer(answer.content).retry_after == 5
        assert (await asked.get(PATH)).status_code == 405
    door.close()
