"""Each maker's table is found by its sysObjectID, and reads its own variables."""

from __future__ import annotations

import pytest

from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import Counter32, ObjectIdentifier, OctetString, Value
from frisket.telemetry.read import interpret
from frisket.telemetry.table import applies, load_tables

# Enterprise numbers as IANA assigned them.
MAKERS = {
    "hp": 11,
    "samsung": 236,
    "xerox": 253,
    "ricoh": 367,
    "lexmark": 641,
    "toshiba": 1129,
    "epson": 1248,
    "kyocera": 1347,
    "canon": 1602,
    "oki": 2001,
    "sharp": 2385,
    "brother": 2435,
    "konica-minolta": 18334,
}


@pytest.mark.parametrize(("name", "number"), MAKERS.items())
def test_a_makers_own_variables_are_read(name: str, number: int) -> None:
    make = parse_oid(f"1.3.6.1.4.1.{number}.1.1")
    mine = [table for table in load_tables() if table.objects and applies(table, make)]
    assert [table.name for table in mine] == [name]
    table = mine[0]
    varbinds: dict[Oid, Value] = {parse_oid("1.3.6.1.2.1.1.2.0"): ObjectIdentifier(make)}
    texts = {row.field: row.oid for row in table.values}
    varbinds |= {oid: OctetString(f"Own {field}".encode()) for field, oid in texts.items()}
    counts = {row.oid: 1000 + place for place, row in enumerate(table.counters) if not row.text}
    varbinds |= {oid: Counter32(count) for oid, count in counts.items()}
    sample = interpret(varbinds, load_tables())
    for field in texts:
        assert getattr(sample.identity, field) == f"Own {field}"
        assert sample.sources[field].table == name
    found = {parse_oid(c.source.oid): c.value for c in sample.counters if c.source.table == name}
    assert found == counts
    other = interpret(
        varbinds | {parse_oid("1.3.6.1.2.1.1.2.0"): ObjectIdentifier((1, 3, 6, 1))}, load_tables()
    )
    assert not other.counters
    for value in (*table.values, *table.levels):
        assert getattr(value, "because", "") or not getattr(value, "supersedes", False)


def test_no_two_tables_claim_a_device() -> None:
    claims = [oid for table in load_tables() for oid in table.objects]
    assert len(claims) == len(set(claims))
