"""Collectors witness the log: what grew is signed, what was cut or made anew is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from tests.peers.postgres import both, postgres
from tests.witnessing import NOON, Desk, Seat, ToDoor, export_lines, seat, without

from frisket.fleet.alert_measures import Measuring
from frisket.fleet.alerting import Signal, Standing
from frisket.fleet.chain import note_of
from frisket.fleet.verifying import ChainBroken, Trust, verify
from frisket.proto.tlog.signed import cosign
from frisket.proto.tlog.wire import read_note, write_note
from frisket.store.auditlog import Wanted
from frisket.store.database import Database, open_database
from frisket.telemetry.authority import new_authority
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.exchange import GatewayRefused
from frisket.telemetry.collector.orders import Wish
from frisket.telemetry.collector.witness import forget_witness, kept_witness, statement
from frisket.telemetry.envelope import Kind
from frisket.telemetry.witness import Fault, Memory, Refused, witness_name

__all__ = ["both", "postgres"]


@pytest.fixture
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database, where the other would show nothing more."""
    made = open_database(f"sqlite:///{tmp_path_factory.mktemp('log') / 'log.db'}")
    made.upgrade()
    yield made
    made.close()


def cut(desk: Desk, size: int) -> None:
    """Cut the log off behind an entry, as its owner could, and forget what was signed beyond."""
    with desk.database.write() as connection:
        for table, column in (
            ("log_entry", "number"),
            ("log_checkpoint", "size"),
            ("log_cosignature", "size"),
        ):
            connection.execute(text(f"DELETE FROM {table} WHERE {column} > {size}"))
    desk.open()


def disputes(desk: Desk) -> list[tuple[str, bool]]:
    return [(one.why, one.proven) for _, _, _, one in desk.cosigning.store.disputes()]


async def test_what_grew_is_signed_kept_shown_and_verified(both: Database, tmp_path: Path) -> None:
    desk = Desk(both)
    here, there = await seat(desk, tmp_path / "a"), await seat(desk, tmp_path / "b")
    assert (await here.ask()).log is None
    sizes = []
    for count in (1, 70, 5):
        desk.later(minutes=1)
        sizes.append(desk.write(count))
        await here.ask()
        assert desk.cosigning.store.newest(1) == sizes[-1]
    await there.ask()
    desk.later(minutes=1)
    newest = desk.write(3)
    await there.ask()
    # Nothing new is nothing to sign.
    asked = len(there.carrier.sent)
    assert (await there.ask()).log is None
    assert len(there.carrier.sent) == asked + 1
    found = verify(export_lines(desk), Trust(witnesses=2))
    told = {one.collector: (one.site, one.size) for one in found.witnesses}
    assert told == {
        here.identity.papers.collector: ("North", sizes[-1]),
        there.identity.papers.collector: ("North", newest),
    }
    assert (found.covered, found.size, found.remarks) == (newest, newest, ())
    # One a day of each is kept; who lags behind is silent since the first head that it lacks.
    assert len(desk.cosigning.store.all()) == 2
    desk.later(minutes=11)
    silent = {one.collector: late for one, late in desk.cosigning.witnesses(desk.now)}
    assert silent == {here.identity.papers.collector: True, there.identity.papers.collector: False}
    assert disputes(desk) == []
    assert here.said == there.said == []


async def test_a_log_that_was_made_anew_is_refused_told_and_proven(
    both: Database, tmp_path: Path
) -> None:
    """Its owner has every key of the console: only what the collector remembers is against him."""
    desk = Desk(both)
    witness = await seat(desk, tmp_path)
    desk.write(20)
    await witness.ask()
    mine = json.dumps(statement(kept_witness(tmp_path), witness.identity))  # type: ignore[arg-type]
    cut(desk, 10)
    desk.write(30, "forged")
    refused = await witness.ask()
    assert refused.log is not None
    assert "ALARM" in witness.said[0]
    assert kept_witness(tmp_path).refused.why is Fault.FORKED  # type: ignore[union-attr]
    assert disputes(desk) == [("forked", True)]
    [entry] = desk.log.store.page(Wanted(action="log.disputed"))
    assert (entry.outcome, entry.about) == ("broken", witness.identity.papers.collector)
    assert entry.site_id is not None
    # Told once, however often it is said; nothing more is signed.
    for _ in range(3):
        await witness.ask()
    witness.begin()
    await witness.ask()
    assert disputes(desk) == [("forked", True)]
    assert desk.cosigning.store.newest(1) == 0
    assert len(witness.said) == 1
    # A rule tells people, with the collector's name and site.
    [measure] = Measuring(both, desk.now).measures(Signal.LOG, {})
    assert (measure.value, measure.site_id) == (1, entry.site_id)
    assert witness.identity.papers.collector in measure.about
    lines = export_lines(desk)
    with pytest.raises(ChainBroken, match=r"was shown at 20 .*forked"):
        verify(lines)
    # Where the owner takes that out too, the export holds; what the collector itself has does not.
    hidden = without(lines, "dispute", "witness")
    verify(hidden)
    with pytest.raises(ChainBroken, match=r"witnessed at 20 .*forked"):
        verify(hidden, Trust(statements=[mine]))
    with pytest.raises(ChainBroken, match="0 collectors"):
        verify(hidden, Trust(witnesses=1))


async def test_a_log_that_was_cut_off_is_refused_until_it_is_whole_again(
    both: Database, tmp_path: Path
) -> None:
    desk = Desk(both)
    witness = await seat(desk, tmp_path)
    desk.write(10)
    desk.write(10)
    await witness.ask()
    whole = export_lines(desk)
    mine = json.dumps(statement(kept_witness(tmp_path), witness.identity))  # type: ignore[arg-type]
    cut(desk, 10)
    await witness.ask()
    assert disputes(desk) == [("shrunk", True)]
    with pytest.raises(ChainBroken, match="cut off"):
        verify(export_lines(desk))
    with pytest.raises(ChainBroken, match=r"20 entries were signed, 10 are here"):
        verify(without(whole, "entry")[:1] + whole[1:11], Trust(statements=[mine]))
    # Its owner lets the collector begin anew: what was held against the log is settled, not gone.
    assert forget_witness(tmp_path)
    witness.begin()
    desk.write(3)
    await witness.ask()
    found = verify(export_lines(desk))
    assert [one.split(":")[0] for one in found.remarks] == ["settled"]
    assert list(Measuring(both, desk.now).measures(Signal.LOG, {})) == []
    standing = {f"collector:{witness.identity.papers.collector}": Standing("", 1)}
    assert [m.value for m in Measuring(both, desk.now).measures(Signal.LOG, standing)] == [0]
    assert desk.log.store.page(Wanted(action="log.settled"))
    assert witness.witness.memory() is not None


async def test_a_log_with_another_key_is_refused(sqlite: Database, tmp_path: Path) -> None:
    desk = Desk(sqlite)
    witness = await seat(desk, tmp_path)
    desk.write(5)
    await witness.ask()
    cut(desk, 0)
    desk.key = Ed25519PrivateKey.generate()
    desk.open()
    desk.write(9)
    await witness.ask()
    # Nothing that this key signed contradicts it: the collector's word alone.
    assert disputes(desk) == [("rekeyed", False)]
    found = verify(export_lines(desk))
    assert "shows nothing signed by it" in found.remarks[0]


async def said(one: Seat, memory: Memory) -> None:
    body = msgspec.json.encode(Wish(0, 0, memory))
    await one.line.exchange.ask("orders", Kind.ORDERS, body)


async def test_what_a_hostile_collector_says_is_refused_or_bounded(
    sqlite: Database, tmp_path: Path
) -> None:
    desk = Desk(sqlite)
    honest, hostile = await seat(desk, tmp_path / "a"), await seat(desk, tmp_path / "b")
    desk.write(5)
    await honest.ask()
    point, name = desk.log.newest(), witness_name(hostile.identity.papers.collector)
    assert point is not None
    bare = note_of(point, desk.log.key)
    forged = [
        write_note(cosign(bare, name, Ed25519PrivateKey.generate(), 1)),
        str(honest.witness.memory().note),  # type: ignore[union-attr]
        write_note(bare),
        write_note(cosign(bare, name, hostile.identity.key, 1 << 63)),
    ]
    for note in forged:
        with pytest.raises(GatewayRefused, match="forged"):
            await said(hostile, Memory(5, note))
    with pytest.raises(GatewayRefused):
        await said(hostile, Memory(5, "x" * 4000))
    assert desk.cosigning.store.newest(2) == 0
    # A note of another log is none of ours; claims that show nothing are counted, not believed.
    stranger = Desk(sqlite, witnessed=False)
    other = stranger.key
    desk_size, _ = desk.log.store.head()
    for number in range(20):
        await said(hostile, Memory(0, "", Refused(Fault.FORKED, f"nonsense {number}")))
        false = Refused(Fault.SHRUNK, write_note(note_of(point, other.public_key())), number)
        await said(hostile, Memory(0, "", false))
        await said(hostile, Memory(0, "", Refused(Fault.FORKED, write_note(bare))))
    assert 0 < len(disputes(desk)) <= 3
    assert not any(proven for _, proven in disputes(desk))
    assert desk.log.store.head()[0] <= desk_size + 3
    verify(export_lines(desk), Trust(witnesses=1))


async def test_an_export_with_a_forged_witness_is_refused(sqlite: Database, tmp_path: Path) -> None:
    desk = Desk(sqlite)
    witness = await seat(desk, tmp_path)
    desk.write(5)
    await witness.ask()
    lines = export_lines(desk)
    at = next(n for n, line in enumerate(lines) if line.startswith('{"witness"'))
    row = json.loads(lines[at])
    with pytest.raises(ChainBroken, match="no witness of this gateway"):
        verify(lines, Trust(authority=new_authority(NOON).pem.encode()))
    verify(lines, Trust(authority=desk.authority.pem.encode()))
    note = read_note(row["note"])
    swapped = cosign(
        note_of(desk.log.newest(), desk.log.key),  # type: ignore[arg-type]
        *(note.signatures[1].name, Ed25519PrivateKey.generate(), 5),
    )
    for change in (
        {"note": write_note(swapped)},
        {"witness": "c-somebody"},
        {"certificate": b64encode(b"none").decode()},
        {"note": row["note"].replace("\n5\n", "\n6\n")},
        {"note": 7},
    ):
        spoiled = [*lines[:at], json.dumps(row | change), *lines[at + 1 :]]
        with pytest.raises(ChainBroken):
            verify(spoiled)
    bare = json.dumps({k: v for k, v in json.loads(lines[0]).items() if k != "authority"})
    with pytest.raises(ChainBroken, match="nothing names the authority"):
        verify([bare, *lines[1:]])


async def test_old_collectors_and_gateways_without_a_log_go_on(
    sqlite: Database, tmp_path: Path
) -> None:
    desk = Desk(sqlite)
    old = await seat(desk, tmp_path / "a")
    desk.write(5)
    body = msgspec.json.encode({"after": 0, "wait": 0})
    got = json.loads(await old.line.exchange.ask("orders", Kind.ORDERS, body))
    assert got.pop("log") is None
    assert got == {"version": 1, "devices": [], "networks": [], "every": 300.0} | {
        "quiet": [],
        "zone": "UTC",
    }
    without_log = Desk(sqlite, authority=desk.authority, witnessed=False)
    new = Seat(tmp_path / "a", old.identity, ToDoor(without_log))
    assert (await new.ask()).version == 1
    assert new.witness.memory() == Memory()


async def test_nothing_is_signed_that_would_not_be_remembered(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(sqlite)
    witness = await seat(desk, tmp_path)
    desk.write(5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "replace", full)
        await witness.ask()
    assert desk.cosigning.store.newest(1) == 0
    assert "No space left" in witness.said[0]
    await witness.ask()
    assert desk.cosigning.store.newest(1) == 5
    # A memory that cannot be read is not begun anew by itself.
    (tmp_path / "log-witness.json").write_text("{")
    witness.begin()
    desk.write(5)
    assert (await witness.ask()).log is None
    assert "not witnessed" in witness.said[-1]


def test_a_contradicted_head_is_not_signed(sqlite: Database) -> None:
    desk = Desk(sqlite)
    desk.write(10)
    assert desk.log.contradiction() == ""
    with desk.database.write() as connection:
        connection.execute(text("DELETE FROM log_entry WHERE number > 5"))
    assert "5 are left" in desk.log.contradiction()
    desk.write(9, "forged")
    newest = desk.log.newest()
    assert newest is not None
    assert newest.size == 10
    assert "signed otherwise" in desk.log.contradiction()
    with pytest.raises(ChainBroken):
        verify(export_lines(desk))
