"""Every setting of a device with its three witnesses side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from frisket.catalog.load import Catalog
from frisket.catalog.setting import Setting, show
from frisket.model.reading import Known, Readings, Unread, Witness


@dataclass(frozen=True, slots=True)
class Said:
    """What one witness said of a setting, in words, and how it knew; or why it said nothing."""

    value: str = ""
    via: str = ""
    detail: str = ""
    known: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One setting: what each witness said. `disputed` where two of them differ."""

    setting: Setting
    said: Mapping[Witness, Said] = field(default_factory=dict)
    disputed: bool = False


def lines(readings: Readings, catalog: Catalog) -> Iterator[Line]:
    """Yield every setting that any witness was asked for, in the catalogue's order."""
    for setting in catalog:
        spoken = readings.get(setting.key, ())
        if not spoken:
            continue
        said: dict[Witness, Said] = {}
        for one in spoken:
            if isinstance(one, Known):
                text = "kept secret" if setting.secret else show(one.value) or "empty"
                said[one.witness] = Said(text, one.via, one.detail, known=True)
        reasons = [one for one in spoken if isinstance(one, Unread)]
        for witness, spared in _reasons(reasons):
            said.setdefault(witness, spared)
        values = {one.value for one in spoken if isinstance(one, Known)}
        yield Line(setting, said, len(values) > 1)


def _reasons(reasons: Sequence[Unread]) -> Iterator[tuple[Witness, Said]]:
    """Yield why a witness said nothing; what has no witness of its own is the network's."""
    for one in reasons:
        detail = f"{one.why}{f' ({one.detail})' if one.detail else ''}"
        yield Witness.DEVICE if one.via in _DEVICE else Witness.NETWORK, Said("", one.via, detail)


_DEVICE = frozenset({"device", "snmp-v3", "remote-ui"})
