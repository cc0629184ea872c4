"""Groups of devices: names for lists of targets, in one TOML file.

    [[group]]
    name = "branch-7"
    targets = ["10.7.0.0/24", "mfd-lobby.example.org", "group:annex"]
    about = "Harbour Street"

A target is written as on the command line; a group may hold others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from frisket.audit.entries import entries, printable
from frisket.errors import UsageError

PREFIX = "group:"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its targets as they were written."""

    name: str
    targets: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups by name; `source` names their file in messages."""

    by_name: Mapping[str, Group] = field(default_factory=dict)
    source: str = ""

    def words(self, name: str) -> tuple[str, ...]:
        """Return the targets of a group and of those it holds, each once. Raises `UsageError`."""
        found: dict[str, None] = {}
        queue = [name]
        for each in queue:
            group = self._group(each)
            for word in group.targets:
                if word.startswith(PREFIX):
                    inner = word.removeprefix(PREFIX)
                    # Groups may hold each other: one that was seen is not opened again.
                    if inner not in queue:
                        queue.append(inner)
                else:
                    found[word] = None
        return tuple(found)

    def _group(self, name: str) -> Group:
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(sorted(self.by_name)[:20]) or "none"
            where = f" in {self.source}" if self.source else ""
            message = f"there is no group {printable(name)[:60]!r}{where}"
            raise UsageError(message, hint=f"known: {known}") from None


def parse_groups(text: str, source: str) -> Groups:
    """Read `[[group]]` entries. Raises `UsageError`, also where a group holds an unknown one."""
    found: dict[str, Group] = {}
    for entry in entries(text, "group", source):
        entry.only("name", "targets", "about")
        name = entry.text("name", limit=64)
        if not _NAME.fullmatch(name):
            raise entry.fault("a name has letters, digits, dots, hyphens and underscores")
        if name in found:
            raise entry.fault(f"the group {name} stands twice")
        targets = entry.texts("targets", limit=255)
        if not targets:
            raise entry.fault("targets are missing")
        if bad := [word for word in targets if word.startswith(("@", "-")) or " " in word]:
            raise entry.fault(f"{bad[0][:60]!r} is no target of a group")
        found[name] = Group(name, targets, entry.text("about", ""))
    groups = Groups(found, source)
    for name in found:
        groups.words(name)
    return groups
