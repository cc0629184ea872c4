"""What a device's state of life means: new, managed or retired. Pure.

    | state   | asked | logged in to, changed, drifts | counted in scores | alarms, alerts |
    | new     | yes   | no                            | yes               | yes            |
    | managed | yes   | yes                           | yes               | yes            |
    | retired | no    | no                            | no                | no             |

New is what was found and nobody has looked at: whoever plugs a machine into the network gets no
login of ours shown. Retired is what is gone: its history stays, and nothing is asked of it.
"""

from __future__ import annotations

from typing import Final

NEW: Final = "new"
MANAGED: Final = "managed"
RETIRED: Final = "retired"
STATES: Final = (NEW, MANAGED, RETIRED)
IN_USE: Final = (NEW, MANAGED)


def is_asked(state: str) -> bool:
    """Say whether audits, polls and changes ask such a device anything."""
    return state in IN_USE


def is_trusted(state: str) -> bool:
    """Say whether our logins are shown to such a device, and changes are made of it."""
    return state == MANAGED
