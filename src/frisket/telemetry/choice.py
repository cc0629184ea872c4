"""Which poll tables are about a device, by sysObjectID and description; variants first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frisket.probe.snmp_identity import DEVICE_DESCR, SYS_DESCR, SYS_OBJECT_ID, identifier_of
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Value
from frisket.telemetry.answers import text
from frisket.telemetry.table import PollTable, applies


def about(varbinds: Mapping[Oid, Value], tables: Sequence[PollTable]) -> tuple[PollTable, ...]:
    """Return the tables about the device with these variables, without those a variant replaces."""
    object_id = identifier_of(varbinds.get(SYS_OBJECT_ID))
    described = f"{text(varbinds.get(SYS_DESCR))}\n{text(varbinds.get(DEVICE_DESCR))}"
    mine = [table for table in tables if applies(table, object_id, described)]
    replaced = {name for table in mine for name in table.supersedes}
    return tuple(table for table in mine if table.name not in replaced)
