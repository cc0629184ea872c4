"""GET, GETNEXT, GETBULK and SET over the device's tables."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.unit.mfd.mib.asking import Asker, Bench, nulls

from frisket.mfd.mib.printer import PRINTER_MIB
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    NULL,
    ErrorStatus,
    Integer,
    Kind,
    Marker,
    ObjectIdentifier,
    OctetString,
    Oid,
    Pdu,
    TimeTicks,
    Value,
    Version,
    encode_pdu,
)

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
CHANNEL_TYPE = (*PRINTER_MIB, 14, 1, 1, 2)
SYS_NAME = (*SYSTEM, 5, 0)
END = (2, 0)


@pytest.fixture
def asker() -> Asker:
    return Bench().asker("iradv-4545")


def v2c(asker: Asker, pdu: Pdu) -> Pdu:
    answer = asker.community(pdu, version=Version.V2C)
    assert answer is not None
    return answer


def walk(asker: Asker) -> list[tuple[Oid, Value]]:
    """Return everything, by GETNEXT."""
    found: list[tuple[Oid, Value]] = []
    oid: Oid = (0, 0)
    while True:
        answer = v2c(asker, Pdu(Kind.GET_NEXT, 1, varbinds=((oid, NULL),)))
        (oid, value), *_ = answer.varbinds
        if value is END_OF_MIB_VIEW:
            return found
        found.append((oid, value))


def test_a_walk_meets_every_variable_once_in_order_and_get_agrees(asker: Asker) -> None:
    found = walk(asker)
    assert len(found) > 500
    assert all(earlier < later for (earlier, _), (later, _) in pairwise(found))
    for at in range(0, len(found), 20):
        part = found[at : at + 20]
        answer = v2c(asker, Pdu(Kind.GET, 1, varbinds=nulls([oid for oid, _ in part])))
        # Clock and counters run on while we read: only names and types stay.
        seen = [(oid, type(value)) for oid, value in answer.varbinds]
        assert seen == [(oid, type(value)) for oid, value in part]


@pytest.mark.parametrize("columns", [1, 3])
def test_getbulk_gives_what_getnext_gives(asker: Asker, columns: int) -> None:
    found = [oid for oid, _ in walk(asker)]
    starts = [found[at] for at in range(0, columns * 300, 300)]
    pdu = Pdu(Kind.GET_BULK, 1, 1, 30, nulls([SYSTEM, *starts]))
    answer = v2c(asker, pdu)
    assert answer.varbinds[0][0] == (*SYSTEM, 1, 0)
    rest = [oid for oid, _ in answer.varbinds[1:]]
    assert len(rest) == 30 * columns
    for number, start in enumerate(starts):
        at = found.index(start) + 1
        assert rest[number::columns] == found[at : at + 30]


@pytest.mark.parametrize("columns", [1, 2])
def test_getbulk_stops_at_the_end(asker: Asker, columns: int) -> None:
    last = walk(asker)[-1][0]
    answer = v2c(asker, Pdu(Kind.GET_BULK, 1, 0, 1000, nulls([last] * columns)))
    assert answer.varbinds == ((last, END_OF_MIB_VIEW),) * columns
    before = walk(asker)[-3][0]
    answer = v2c(asker, Pdu(Kind.GET_BULK, 1, 0, 1000, nulls([before] * columns)))
    assert answer.varbinds[-1] == (last, END_OF_MIB_VIEW)
    assert len(answer.varbinds) == 3 * columns


@pytest.mark.parametrize("columns", [1, 2])
def test_getbulk_gives_what_fits(asker: Asker, columns: int) -> None:
    starts: list[Oid] = [(1, 3), (1, 3, 6, 1, 2, 1, 43)][:columns]
    answer = v2c(asker, Pdu(Kind.GET_BULK, 1, 0, 2**31 - 1, nulls(starts)))
    assert answer.error_status == 0
    assert 4000 < len(encode_pdu(answer)) <= 8192


def test_what_does_not_fit_is_too_big(asker: Asker) -> None:
    answer = v2c(asker, Pdu(Kind.GET, 1, varbinds=nulls([(*SYSTEM, 1, 0)] * 400)))
    assert (answer.error_status, answer.varbinds) == (ErrorStatus.TOO_BIG, ())


def test_version_2_says_which_kind_of_nothing(asker: Asker) -> None:
    missing = [(*SYSTEM, 1, 1), (*SYSTEM, 99, 0), (*CHANNEL_TYPE, 1, 77), END]
    answer = v2c(asker, Pdu(Kind.GET, 1, varbinds=nulls(missing)))
    kinds = [value for _, value in answer.varbinds]
    assert kinds == [NO_SUCH_INSTANCE, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, NO_SUCH_OBJECT]


def test_version_1_names_the_first_missing_variable(asker: Asker) -> None:
    varbinds = nulls([(*SYSTEM, 1, 0), (*SYSTEM, 99, 0), END])
    for kind, wrong in ((Kind.GET, 2), (Kind.GET_NEXT, 3)):
        answer = asker.community(Pdu(kind, 1, varbinds=varbinds))
        assert answer is not None
        assert (answer.error_status, answer.error_index) == (ErrorStatus.NO_SUCH_NAME, wrong)
        assert answer.varbinds == varbinds


def test_a_row_is_there_while_its_setting_is_on(asker: Asker) -> None:
    device = asker.agent.device
    raw = (*CHANNEL_TYPE, 1, 2)
    assert asker.get(raw) == [Integer(37)]
    device.store.set("raw.enabled", value=False, actor="test", via="lab")
    answer = v2c(asker, Pdu(Kind.GET, 1, varbinds=nulls([raw])))
    assert answer.varbinds[0][1] is NO_SUCH_INSTANCE
    answer = v2c(asker, Pdu(Kind.GET_NEXT, 1, varbinds=nulls([(*CHANNEL_TYPE, 1, 1)])))
    assert answer.varbinds[0] == ((*CHANNEL_TYPE, 1, 3), Integer(44))


def test_the_clock_of_the_agent_runs(asker: Asker) -> None:
    asker.agent.memory.started -= 5
    assert asker.get((*SYSTEM, 3, 0)) == [TimeTicks(500)]


def test_a_write_is_all_or_nothing(asker: Asker) -> None:
    store = asker.agent.device.store
    before = store["device.location"]
    good = (*SYSTEM, 6, 0)
    for wrong, value, status in (
        ((*SYSTEM, 1, 0), OctetString(b"x"), ErrorStatus.NOT_WRITABLE),
        ((*SYSTEM, 77, 0), OctetString(b"x"), ErrorStatus.NO_CREATION),
        (SYS_NAME, Integer(3), ErrorStatus.WRONG_TYPE),
        (SYS_NAME, OctetString(b"\xff"), ErrorStatus.WRONG_VALUE),
        (SYS_NAME, OctetString(b"x" * 99), ErrorStatus.WRONG_VALUE),
    ):
        assert asker.set({good: OctetString(b"Attic"), wrong: value}) == (status, 2)
        assert store["device.location"] == before
    assert asker.agent.device.journal.counts["writes"] == 0


def test_the_host_name_can_be_written(asker: Asker) -> None:
    assert asker.set({SYS_NAME: OctetString(b"mfd-7")}) == (ErrorStatus.NO_ERROR, 0)
    assert asker.get(SYS_NAME) == [OctetString(b"mfd-7")]
    assert asker.agent.device.journal.writes["network.host-name"] == 1


def test_every_value_has_a_type_that_version_1_knows(asker: Asker) -> None:
    for _, value in walk(asker):
        assert not isinstance(value, Marker)
        assert value.tag != 0x46
    assert ObjectIdentifier((1, 3, 6, 1, 4, 1, 1602, 4, 7)) == asker.get((*SYSTEM, 2, 0))[0]
