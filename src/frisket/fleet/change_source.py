"""What the devices of a change are to be made like. Pure.

A baseline, a security policy, the state that was accepted for each, or a recorded file: settings
that a device had, the text of a policy, the text of a baseline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.audit.baseline import Baseline
from frisket.audit.baseline_file import read_baseline
from frisket.audit.configuration import Configuration, choose, read_configurations
from frisket.audit.load import Content
from frisket.audit.sheet import LARGEST, Sheet, read_sheet
from frisket.errors import CaptureError, UsageError
from frisket.model.reading import Value

FILE: Final = "file"
MOST: Final = 4 << 20  # octets of a recorded file
_DEVICES: Final = 2000  # devices of a recorded file


@dataclass(frozen=True, slots=True)
class Source:
    """What devices are to be made like: `kind` is `baseline`, `policy`, `accepted` or `file`.

    `baseline` names the first two. A policy is an approved own one, or what a baseline demands. Of
    an accepted state `keys` names the settings, all for (). Of a file `baseline` is its name and
    `text` what it says; it is a baseline (`own`), a policy (`sheet`) or settings (`recorded`).
    """

    kind: str
    baseline: str = ""
    keys: tuple[str, ...] = ()
    text: str = ""
    own: Baseline | None = field(default=None, compare=False)
    sheet: Sheet | None = field(default=None, compare=False)
    recorded: tuple[Configuration, ...] = ()

    @property
    def judges(self) -> bool:
        """Say whether devices are judged by a baseline."""
        return self.kind == "baseline" or self.own is not None

    def recording_of(self, address: str, serial: str) -> Configuration | None:
        """Return the recorded settings that mean a device, None where none of several does."""
        try:
            return choose(self.recorded, self.baseline, (address,), serial)
        except CaptureError:
            return None

    def table(self) -> dict[str, Any]:
        """Return it as it is kept."""
        kept = {"kind": self.kind, "baseline": self.baseline, "keys": list(self.keys)}
        if self.kind != FILE:
            return kept
        recorded = [
            {"settings": dict(one.settings), "target": one.target, "serial": one.serial}
            for one in self.recorded
        ]
        return {**kept, "text": self.text, "recorded": recorded}


def read_source(
    table: Mapping[str, Any], content: Content, policies: Collection[str] = ()
) -> Source:
    """Return the source that a table writes; `policies` are own ones. Raises `UsageError`."""
    kind = str(table.get("kind", ""))
    keys = tuple(str(key) for key in table.get("keys", ()))
    name = str(table.get("baseline", ""))
    if kind == "baseline":
        return Source(kind, content.baseline(name).id)
    if kind == "policy":
        return Source(kind, name if name in policies else content.baseline(name).id)
    if kind == "accepted":
        unknown = [key for key in keys if key not in content.catalog]
        if unknown:
            raise UsageError(f"{unknown[0][:60]} is no setting")
        return Source(kind, "", keys)
    if kind == FILE and table.get("text"):
        return _of_text(str(table["text"]), name, content)
    if kind == FILE:
        recorded = tuple(
            Configuration(_known(one["settings"], content), one["target"], one["serial"])
            for one in table.get("recorded", ())
        )
        return Source(kind, name, recorded=recorded)
    raise UsageError(f"{kind[:60]!r} is nothing that devices can be made like")


def _known(settings: Mapping[str, Value], content: Content) -> dict[str, Value]:
    """Return what the catalogue still knows of kept settings."""
    catalog = content.catalog
    return {key: catalog[key].check(value) for key, value in settings.items() if key in catalog}


def recognise(data: bytes, name: str, content: Content, password: str = "") -> Source:
    """Return what a recorded file says. Raises `UsageError` for what is none.

    A settings file, a capture, an audit or a truth of the lab (`frisket audit --record`, `-o`),
    the text of a policy (`frisket policy export`) or of a baseline.
    """
    short = "".join(c for c in name if c.isprintable()).strip()[:100] or "a file"
    if len(data) > MOST:
        raise UsageError(f"{short} is longer than {MOST >> 20} MiB")
    if _is_text(data):
        return _of_text(data.decode("utf-8-sig").replace("\r\n", "\n"), short, content)
    try:
        found = read_configurations(data, short, content.catalog, password or None)
    except CaptureError as fault:
        hint = "give its password" if fault.hint and "--file-password" in fault.hint else ""
        raise UsageError(str(fault), hint=hint) from fault
    if len(found) > _DEVICES:
        raise UsageError(f"{short} has more than {_DEVICES} devices")
    return Source(FILE, short, recorded=found)


def _is_text(data: bytes) -> bool:
    """Say whether this is written as TOML: neither sealed nor JSON."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        start.decode("utf-8", "strict" if len(data) <= 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    return b"\0" not in start and not start.startswith((b"{",)) and b"=" in start


def _of_text(text: str, name: str, content: Content) -> Source:
    if len(text) > LARGEST * 10:
        raise UsageError(f"{name} is longer than a baseline or a policy can be")
    if "[[consideration]]" in text:
        return Source(FILE, name, text=text, own=read_baseline(text, name, content))
    return Source(FILE, name, text=text, sheet=read_sheet(text, name, content))
