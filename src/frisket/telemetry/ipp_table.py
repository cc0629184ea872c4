"""The table of IPP attributes (content/poll_ipp/attributes.toml): what a poll over IPP asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from frisket.catalog.load import build, content, read_toml
from frisket.errors import ContentError

NAME: Final = "ipp"  # of this table, in a value's source
_RULES: Final = frozenset({"identity", "levels", "alerts", "counters"})
# Identity, state and lists have readers of their own; the table says what their words mean.
_ASKED: Final = (
    *("printer-make-and-model", "printer-device-id", "printer-serial-number", "printer-location"),
    *("printer-dns-sd-name", "printer-name", "printer-firmware-name"),
    *("printer-firmware-string-version", "printer-state", "printer-state-reasons"),
    *("printer-state-message", "marker-names", "marker-types", "marker-colors", "marker-levels"),
    *("printer-supply", "printer-supply-description", "printer-input-tray"),
    *("printer-alert", "printer-alert-description"),
)


@dataclass(frozen=True, slots=True)
class IppCount:
    """A counter read from one attribute, or from a member of the collection that it is."""

    name: str
    label: str
    attribute: str
    unit: str
    member: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class IppTable:
    """Words of IPP in ours, counters, and the rules by which its values stand beside SNMP's."""

    because: str
    rules: Mapping[str, str]
    states: Mapping[int, str]
    reasons: Mapping[str, str]
    colors: Mapping[str, str]
    kinds: Mapping[str, str]
    units: Mapping[str, str]
    groups: Mapping[str, str]
    codes: Mapping[str, int]
    counters: tuple[IppCount, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the attributes to ask for."""
        return (*_ASKED, *dict.fromkeys(row.attribute for row in self.counters))


def parse_ipp_table(raw: Mapping[str, Any]) -> IppTable:
    """Build the table from its parsed file. Raises `ContentError`."""
    where = "poll_ipp/attributes.toml"
    row = dict(raw)
    row["counters"] = tuple(build(IppCount, one, where) for one in row.get("counters", ()))
    try:
        row["states"] = {int(number): word for number, word in row.get("states", {}).items()}
    except ValueError as fault:
        raise ContentError(f"{where}: {fault}") from fault
    table: IppTable = build(IppTable, row, where)
    if set(table.rules) != _RULES:
        raise ContentError(f"{where}: there is a rule for each of {', '.join(sorted(_RULES))}")
    return table


@cache
def load_ipp_table() -> IppTable:
    """Return the packaged table. Raises `ContentError`."""
    return parse_ipp_table(read_toml(content("poll_ipp", "attributes.toml")))
