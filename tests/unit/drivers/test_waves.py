"""A run spreads by canary and batches, and stops when too many fail."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome, Result
from frisket.drivers.waves import Waves, run_waves
from frisket.ledger import LedgerFault
from frisket.model.target import Target


def devices(count: int) -> list[DevicePlan]:
    return [DevicePlan(Target(f"10.0.0.{n}")) for n in range(count)]


async def run(waves: Waves, outcomes: list[Outcome]) -> list[Outcome]:
    """Return each device's outcome in the order of the devices."""
    left: list[Result] = []

    async def one(device: DevicePlan) -> Result:
        await asyncio.sleep(0)
        return Result(device.address, outcomes[int(device.address.rpartition(".")[2])])

    results = await run_waves(devices(len(outcomes)), waves, one, left.append)
    assert {r.address for r in results if r.outcome is Outcome.NOT_BEGUN} == {
        r.address for r in left
    }
    by_address = {r.address: r.outcome for r in results}
    return [by_address[d.address] for d in devices(len(outcomes))]


DONE, BAD, NOT, AWAY = Outcome.DONE, Outcome.UNDONE, Outcome.NOT_BEGUN, Outcome.UNREACHABLE


async def test_a_failing_canary_stops_everything() -> None:
    assert await run(Waves(canary=1), [BAD, DONE, DONE]) == [BAD, NOT, NOT]
    assert await run(Waves(canary=2), [DONE, BAD, DONE]) == [DONE, BAD, NOT]
    assert await run(Waves(canary=1), [AWAY, DONE, DONE]) == [AWAY, DONE, DONE]


async def test_failures_stop_the_run_at_the_number_given() -> None:
    waves = Waves(canary=0, batch=1, max_failures=2)
    assert await run(waves, [BAD, DONE, BAD, DONE]) == [BAD, DONE, BAD, NOT]
    assert await run(Waves(0, 1, 0), [BAD, BAD, BAD, DONE]) == [BAD, BAD, BAD, DONE]


async def test_without_a_record_the_run_stops() -> None:
    async def full(device: DevicePlan) -> Result:
        raise LedgerFault(f"{device.address}: no space")

    def unwritten(result: Result) -> None:
        raise LedgerFault(result.address)

    results = await run_waves(devices(3), Waves(canary=0, batch=1), full, unwritten)
    assert [r.outcome for r in results] == [Outcome.UNRECORDED, NOT, NOT]
    assert results[0].why == "10.0.0.0: no space"


async def test_one_device_is_no_canary_of_its_own() -> None:
    assert await run(Waves(), [BAD]) == [BAD]
    assert await run(Waves(), []) == []


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 30))
def test_every_device_is_in_one_wave(canary: int, batch: int, count: int) -> None:
    waves = list(Waves(canary, batch).split(count))
    assert [n for wave in waves for n in wave] == list(range(count))
    assert all(len(wave) <= max(batch, canary) for wave in waves) or batch == 0
