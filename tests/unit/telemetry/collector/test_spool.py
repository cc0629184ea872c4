"""The spool keeps what it took: over crashes, flipped bits, full disks and clocks that jump."""

from __future__ import annotations

import itertools
import os
import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.telemetry.collector.spools import Bench, bodies, gaps, record

from frisket.telemetry.collector.spool import Limits, Loss, Spool, SpoolFull

YEAR = 365 * 24 * 3600


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_records_are_read_in_order_until_they_are_acknowledged(bench: Bench) -> None:
    spool = bench.open()
    assert spool.append([record("a"), record("b")]) == [1, 2]
    assert spool.append([record("c")]) == [3]
    assert bodies(spool) == ["record 1 a", "record 2 b", "record 3 c"]
    assert spool.depth == 3
    spool.acknowledge(2)
    assert bodies(spool, spool.acknowledged) == ["record 3 c"]
    assert (spool.depth, spool.first) == (1, 3)
    spool.acknowledge(3)
    assert (spool.depth, spool.octets, spool.first) == (0, 0, 4)
    assert bench.segments() == []


def test_nothing_is_lost_without_a_goodbye_and_the_absence_is_marked(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a")])
    died = int(bench.clock.wall * 1000)
    bench.clock.pass_by(3600)
    again = bench.open()
    back = int(bench.clock.wall * 1000)
    assert bodies(again) == ["record 1 a", f"gap 2 DOWN {died} {back} 0"]
    assert again.append([record("b")]) == [3]
    assert again.name == spool.name


def test_a_number_that_left_the_house_is_not_given_again(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a"), record("b")])
    spool.note(batch=[1, 2])
    for path in bench.segments():
        path.unlink()
    again = bench.open()
    assert again.append([record("c")])[0] > 2


def test_a_segment_is_removed_once_all_of_it_is_acknowledged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Limits(segment=200))
    spool = bench.open()
    for letter in "abcdefghijkl":
        spool.append([record(letter * 20)])
    before = len(bench.segments())
    assert before > 2
    spool.acknowledge(6)
    assert 0 < len(bench.segments()) < before
    assert [body.split()[1] for body in bodies(spool, spool.acknowledged)] == [
        str(n) for n in range(7, 13)
    ]


def test_any_flipped_bit_costs_one_record_and_is_reported(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "good")
    spool = bench.open()
    spool.append([record(f"{n:04d} {'x' * 30}") for n in range(20)])
    spool.append([record("last")])
    spool.beat()
    (segment,) = bench.segments()
    good = segment.read_bytes()
    source = random.Random(7)
    for _ in range(300):
        place = source.randrange(len(good) * 8)
        damaged = bytearray(good)
        damaged[place // 8] ^= 1 << place % 8
        shutil.rmtree(tmp_path / "bad", ignore_errors=True)
        shutil.copytree(bench.folder, tmp_path / "bad")
        (tmp_path / "bad" / "spool" / segment.name).write_bytes(damaged)
        again = Bench(tmp_path / "bad", clock=bench.clock).open()
        found = bodies(again)
        assert len(gaps(again, Loss.DAMAGED)) == 1, place
        assert sum(body.startswith("record ") for body in found) == 20, place
        assert list((tmp_path / "bad" / "quarantine").iterdir()), place
        once_more = Bench(tmp_path / "bad", clock=bench.clock).open()
        assert len(gaps(once_more, Loss.DAMAGED)) == 1, place


def test_a_bit_that_flips_while_it_runs_is_found_before_it_is_sent(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a"), record("b"), record("c")])
    (segment,) = bench.segments()
    data = bytearray(segment.read_bytes())
    data[data.index(b"record 2") + 3] ^= 4
    segment.write_bytes(data)
    found = bodies(spool)
    assert found[0] == "record 1 a"
    assert found[1].startswith("gap 2 DAMAGED")
    assert found[2] == "record 3 c"
    assert spool.append([record("d")]) == [4]
    assert bodies(bench.open())[:4] == [*found, "record 4 d"]


def test_one_damaged_slot_of_the_state_costs_nothing(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a"), record("b"), record("c")])
    spool.note(batch=[1, 2])
    spool.acknowledge(2)
    state = bench.folder / "spool.state"
    whole = state.read_bytes()
    for place in (100, 8192 + 100, 20, 8192 + 4):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        state.write_bytes(damaged)
        again = bench.open()
        assert again.name == spool.name
        assert bodies(again, again.acknowledged)[0] in {"record 1 a", "record 3 c"}
        assert again.append([record("d")])[0] > 3
        again.close()


def test_without_its_state_the_spool_is_still_that_of_its_segments(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a"), record("b")])
    (bench.folder / "spool.state").unlink()
    again = bench.open()
    assert again.name == spool.name
    assert again.append([record("c")]) == [3]
    again.acknowledge(3)
    (bench.folder / "spool.state").unlink()
    assert bench.open().name != spool.name, "numbers would be given twice"


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_record_cut_off_by_a_crash_is_not_one(bench: Bench, cut: int) -> None:
    spool = bench.open()
    spool.append([record("a")])
    (segment,) = bench.segments()
    size = segment.stat().st_size
    spool.append([record("b" * 40)])
    os.truncate(segment, size + cut)
    again = bench.open()
    assert bodies(again)[0] == "record 1 a"
    assert gaps(again, Loss.DAMAGED) == []
    assert again.append([record("c")]) == [3], "2 marks that the collector was down"


def test_a_full_spool_keeps_what_it_has_and_counts_what_it_could_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Limits(octets=2000, segment=500))
    spool = bench.open()
    kept = fill(spool, 60)
    since = int(bench.clock.wall * 1000)
    bench.clock.pass_by(60)
    for _ in range(4):
        with pytest.raises(SpoolFull):
            spool.append([record("lost " + "z" * 60)])
    until = int(bench.clock.wall * 1000)
    assert len(bodies(spool)) == kept
    again = bench.open()  # killed while full: the count survives
    again.acknowledge(kept)
    again.report()
    found = bodies(again, again.acknowledged)
    assert f"FULL {since} {until} 5" in " ".join(found)
    assert again.append([record("new")])


def fill(spool: Spool, length: int) -> int:
    """Append until there is no room; return how many records were kept."""
    for kept in itertools.count():
        try:
            spool.append([record("y" * length)])
        except SpoolFull:
            return kept
    raise AssertionError


def fill_the_disk(folder: Path) -> int:
    """Run in a process whose files may grow to 20 kB: as a full disk, but only for the spool."""
    bench = Bench(folder)
    spool = bench.open()
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    kept = fill(spool, 100)
    with pytest.raises(SpoolFull, match="File too large"):
        spool.append([record("w" * 100)])
    (segment,) = bench.segments()
    before = segment.read_bytes()
    with pytest.raises(SpoolFull):
        spool.append([record("w" * 19_000)])
    assert segment.read_bytes() == before
    return kept


def test_what_the_disk_refuses_is_taken_back_whole(tmp_path: Path) -> None:
    module = "tests.unit.telemetry.collector.test_spool"
    code = f"import sys, {module} as t; print(t.fill_the_disk(t.Path(sys.argv[1])))"
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[4],
    )
    assert run.returncode == 0, run.stderr
    spool = Bench(tmp_path).open()
    found = bodies(spool)
    assert sum(body.startswith("record ") for body in found) == int(run.stdout)
    assert len(gaps(spool, Loss.FULL)) == 1


def test_too_old_records_go_and_leave_a_gap(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Limits(segment=200, age=3_600_000))
    spool = bench.open()
    spool.append([record("a" * 100)])
    spool.append([record("b" * 100)])
    bench.clock.pass_by(3700)
    spool.append([record("c" * 100)])
    spool.expire()
    found = bodies(spool)
    assert [body.split()[2][0] for body in found if body.startswith("record")] == ["c"]
    assert len(gaps(spool, Loss.EXPIRED)) == 2
    assert spool.first == 3


@pytest.mark.parametrize("years", [1, -1])
def test_a_clock_that_jumps_neither_loses_nor_reorders(bench: Bench, years: int) -> None:
    spool = bench.open()
    spool.append([record("a")])
    at = spool.read(0, 1)[0].at
    bench.clock.wall += years * YEAR
    bench.clock.pass_by(60)
    spool.append([record("b")])
    spool.expire()
    first, second = spool.read(0, 10)
    assert (first.at, second.at) == (at, at + 60_000)
    again = bench.open()
    again.expire()
    again.append([record("c")])
    found = [body for body in bodies(again) if body.startswith("record")]
    assert [body.split()[2] for body in found] == ["a", "b", "c"]
    assert again.read(0, 10)[-1].moment >= second.moment


def test_a_clock_set_back_while_it_was_down_does_not_go_back(bench: Bench) -> None:
    spool = bench.open()
    spool.append([record("a")])
    bench.clock.wall -= YEAR
    again = bench.open()
    again.append([record("b")])
    times = [one.at for one in again.read(0, 10)]
    assert times == sorted(times)
