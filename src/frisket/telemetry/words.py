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
# PrtAlertCodeTC (IANA-PRINTER-MIB), what happened to the group's member.
CODES: Final[Mapping[int, str]] = {
    1: "other",
    2: "unknown",
    3: "cover open",
    4: "cover closed",
    5: "interlock open",
    6: "interlock closed",
    7: "configuration changed",
    8: "jam",
    9: "missing",
    10: "life almost over",
    11: "life over",
    12: "almost empty",
    13: "empty",
    14: "almost full",
    15: "full",
    16: "near its limit",
    17: "at its limit",
    18: "opened",
    19: "closed",
    20: "turned on",
    21: "turned off",
    22: "offline",
    23: "saving power",
    24: "warming up",
    25: "added",
    26: "removed",
    27: "resource added",
    28: "resource removed",
    29: "failure that can be recovered from",
    30: "failure",
    31: "storage error that can be recovered from",
    32: "storage error",
    33: "motor failure",
    34: "memory exhausted",
    35: "too cold",
    36: "too hot",
    37: "timing failure",
    38: "thermistor failure",
    501: "door open",
    502: "door closed",
    503: "powered up",
    504: "powered down",
    505: "reset over the network",
    506: "reset by hand",
    507: "ready to print",
    801: "tray missing",
    802: "paper size changed",
    803: "paper weight changed",
    804: "paper type changed",
    805: "paper color changed",
    806: "form parts changed",
    807: "paper low",
    808: "paper empty",
    809: "other paper asked for",
    810: "feeding by hand asked for",
    811: "tray position failure",
    812: "tray elevation failure",
    813: "cannot feed the size selected",
    901: "output tray missing",
    902: "output tray almost full",
    903: "output tray full",
    904: "mailbox selection failure",
    1001: "fuser too cold",
    1002: "fuser too hot",
    1003: "fuser timing failure",
    1004: "fuser thermistor failure",
    1005: "adjusting print quality",
    1101: "toner empty",
    1102: "ink empty",
    1103: "print ribbon empty",
    1104: "toner almost empty",
    1105: "ink almost empty",
    1106: "print ribbon almost empty",
    1107: "waste toner almost full",
    1108: "waste ink almost full",
    1109: "waste toner full",
    1110: "waste ink full",
    1111: "drum almost worn out",
    1112: "drum worn out",
    1113: "developer almost empty",
    1114: "developer empty",
    1115: "toner cartridge missing",
    1301: "media path tray missing",
    1302: "media path tray almost full",
    1303: "media path tray full",
    1304: "cannot print both sides of this paper",
    1501: "interpreter memory increased",
    1502: "interpreter memory decreased",
    1503: "interpreter cartridge added",
    1504: "interpreter cartridge removed",
    1505: "interpreter resource added",
    1506: "interpreter resource removed",
    1507: "interpreter resource unavailable",
    1509: "page too complex",
    1801: "an earlier change is over",
}
# What is told and needs nobody: ends of troubles, changes made on purpose, ways of being well.
NOTICES: Final = frozenset(
    {4, 6, 7, 18, 19, 20, 23, 24, 25, 27, 502, 503, 505, 506, 507, 1005, 1801}
    | set(range(802, 807))
    | set(range(1501, 1507))
)
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


def meaning_of(code: str) -> str:
    """Return what an event's code means (RFC 3805, prtAlertCode), or the code itself."""
    number = code.rpartition(".")[2]
    return CODES.get(int(number), code) if number.isdecimal() and len(number) < 9 else code
