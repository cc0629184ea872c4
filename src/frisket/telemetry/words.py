"""The numbers of Printer-MIB (RFC 3805) and Host Resources (RFC 2790) in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# prtMarkerSuppliesTypeTC
SUPPLY_KINDS: Final[Mapping[int, str]] = {
    1: "other",
    3: "toner",
    4: "waste toner",
    5: "ink",
    6: "ink cartridge",
    7: "ink ribbon",
    8: "waste ink",
    9: "drum",
    10: "developer",
    11: "fuser oil",
    12: "solid wax",
    13: "ribbon wax",
    14: "waste wax",
    15: "fuser",
    16: "corona wire",
    17: "fuser oil wick",
    18: "cleaner unit",
    19: "fuser cleaning pad",
    20: "transfer unit",
    21: "toner cartridge",
    22: "fuser oiler",
    23: "water",
    24: "waste water",
    25: "glue water additive",
    26: "waste paper",
    27: "binding supply",
    28: "banding supply",
    29: "stitching wire",
    30: "shrink wrap",
    31: "paper wrap",
    32: "staples",
    33: "inserts",
    34: "covers",
}
RECEPTACLE: Final = 4  # PrtMarkerSuppliesClassTC: receptacleThatIsFilled
PERCENT: Final = "percent"
# PrtMarkerSuppliesSupplyUnitTC, PrtMarkerCounterUnitTC and PrtCapacityUnitTC agree where they meet.
UNITS: Final[Mapping[int, str]] = {
    3: "0.0001 inch",
    4: "micrometres",
    5: "characters",
    6: "lines",
    7: "impressions",
    8: "sheets",
    9: "dot rows",
    11: "hours",
    12: "0.001 ounce",
    13: "0.1 g",
    14: "0.01 fluid ounce",
    15: "0.1 ml",
    16: "feet",
    17: "metres",
    18: "items",
    19: PERCENT,
}
# hrPrinterStatus, hrDeviceStatus
PRINTER: Final[Mapping[int, str]] = {1: "other", 3: "idle", 4: "printing", 5: "warming up"}
DEVICE: Final[Mapping[int, str]] = {2: "running", 3: "warning", 4: "testing", 5: "down"}
# hrPrinterDetectedErrorState, bit 0 first: the most significant of the first octet.
PROBLEMS: Final = (
    *("low on paper", "no paper", "low on toner", "no toner", "door open", "jammed", "offline"),
    *("service requested", "input tray missing", "output tray missing", "supply missing"),
    *("output nearly full", "output full", "input tray empty", "maintenance overdue"),
)
# PrtAlertSeverityLevelTC, PrtAlertGroupTC
SEVERITIES: Final[Mapping[int, str]] = {
    1: "other",
    3: "critical",
    4: "warning",
    5: "warning",
}
GROUPS: Final[Mapping[int, str]] = {
    1: "other",
    3: "storage",
    4: "device",
    5: "printer",
    6: "cover",
    7: "localization",
    8: "input",
    9: "output",
    10: "marker",
    11: "supply",
    12: "colorant",
    13: "media path",
    14: "channel",
    15: "interpreter",
    16: "display",
    17: "lights",
    18: "alert",
    30: "finisher",
    31: "finisher supply",
    32: "finisher input",
    33: "finisher attribute",
}


def problems(octets: bytes) -> tuple[str, ...]:
    """Return what hrPrinterDetectedErrorState says is wrong."""
    return tuple(
        word
        for bit, word in enumerate(PROBLEMS)
        if bit // 8 < len(octets) and octets[bit // 8] & 0x80 >> bit % 8
    )
