"""The audit log's heads reach rsyslog over TLS: each once, in order, again until they are taken."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.peers.pki import authority
from tests.peers.postgres import both, postgres
from tests.peers.test_outside_syslog import Collector, collector
from tests.unit.probe.lan import closed_port
from tests.witnessing import Desk, export_lines

from frisket.errors import UsageError
from frisket.fleet.heads import MOST_RECEIVERS, Heads, again_after, read_place
from frisket.fleet.verifying import ChainBroken, Trust, verify
from frisket.proto.syslog.wire import decode
from frisket.store.cosignatures import Place, Receivers
from frisket.store.database import Database

__all__ = ["both", "collector", "postgres"]


def heads_of(desk: Desk) -> Heads:
    return Heads(desk.log, Receivers(desk.database), lambda: desk.now)


def checkpoints(collector: Collector, key: str) -> list[dict[str, str]]:
    """Return the structured data of the checkpoints of one log that rsyslog has written."""
    found = []
    for message in collector.messages():
        line = f"<{message['pri']}>1 - - - - - {message['sd']}"
        if message["msgid"] == "CHECKPOINT" and key in message["sd"]:
            found.append(dict(decode(line.encode()).data["frisket@32473"]))
    return found


@pytest.mark.peer("rsyslog")
@pytest.mark.peer("rsyslog-gnutls")
@pytest.mark.xdist_group("rsyslog")
async def test_rsyslog_has_every_head_once_and_they_show_a_log_made_anew(
    both: Database, collector: Collector
) -> None:
    desk = Desk(both)
    heads = heads_of(desk)
    heads.add(read_place("localhost", str(collector.secure), collector.ca.decode()), "ann")
    sizes = []
    for count in (1, 3, 2):
        desk.write(count)
        sizes.append(desk.log.store.checkpoints(last=1)[0].size)
        if count != 1:
            await asyncio.to_thread(heads.turn)
            await asyncio.to_thread(heads.turn)
    point = desk.log.newest()
    assert point is not None
    told = await collector.about(f"head {point.size}:{point.digest}")
    assert (told["pri"], told["app"], told["msgid"]) == ("109", "frisket", "CHECKPOINT")
    found = checkpoints(collector, point.key)
    assert [int(one["size"]) for one in found] == sizes
    # What the server has is enough for `--head`, and for the checkpoint to the letter.
    assert found[-1]["signature"] == point.signature
    assert found[-1]["root"] == point.root
    kept = {int(one["size"]): one["chain"] for one in found}
    verify(export_lines(desk), Trust(heads=kept))
    forged = {**kept, sizes[0]: "0" * 64}
    with pytest.raises(ChainBroken, match="kept at"):
        verify(export_lines(desk), Trust(heads=forged))
    [receiver] = heads.receivers.all()
    assert (receiver.sent, receiver.fault, receiver.tries) == (sizes[-1], "", 0)
    # A server of another authority gets nothing, and that is said.
    heads.drop(receiver.id, "ann")
    other = authority("Another").pem.decode()
    heads.add(read_place("localhost", str(collector.secure), other), "ann")
    await asyncio.to_thread(heads.turn)
    [receiver] = heads.receivers.all()
    assert receiver.sent == 0
    assert "certificate" in receiver.fault


def test_what_was_not_taken_is_tried_again_ever_later_and_never_given_up(both: Database) -> None:
    desk = Desk(both)
    heads = heads_of(desk)
    heads.add(Place("localhost", closed_port(), ""), "ann")
    desk.write(2)
    waits = []
    for _ in range(9):
        heads.turn()
        [receiver] = heads.receivers.all()
        assert receiver.again is not None
        waits.append(receiver.again - desk.now)
        heads.turn()
        assert heads.receivers.all()[0].tries == receiver.tries
        desk.now = receiver.again
    assert waits[:4] == [timedelta(minutes=n) for n in (1, 2, 4, 8)]
    assert waits[-1] == again_after(1000) == timedelta(hours=1)
    assert (receiver.sent, receiver.tries) == (0, 9)
    assert receiver.fault


def test_a_receiver_is_a_server_and_there_are_few(both: Database) -> None:
    heads = heads_of(Desk(both))
    for host, port in (("", ""), ("a\nb", ""), ("host", "0"), ("host", "x"), ("h" * 300, "")):
        with pytest.raises(UsageError):
            read_place(host, port, "")
    for number in range(MOST_RECEIVERS):
        heads.add(read_place("localhost", str(7000 + number), ""), "ann")
    with pytest.raises(UsageError):
        heads.add(read_place("localhost", "8000", ""), "ann")
    with pytest.raises(UsageError):
        heads.drop(999, "ann")
