"""The store: every setting of one device, and the one door through which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind, show
from frisket.errors import SettingRefused
from frisket.ledger import Ledger, Record
from frisket.mfd.auditlog import AuditLog, LogKind
from frisket.mfd.journal import Journal
from frisket.mfd.personality import Personality
from frisket.model.reading import Value

Watcher = Callable[[str], None]
Lock = Callable[[str], str]


class Locked(SettingRefused):
    """The security policy forbids changing this setting."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a store reports to and is judged by. `lock` names the policy item that holds a key."""

    catalog: Catalog
    journal: Journal
    log: AuditLog
    lock: Lock


class Store:
    """Settings over a personality's factory values; only differences are kept.

    A setting that needs a restart is stored at once and takes effect at `apply_pending`.
    """

    __slots__ = (
        "_before",
        "_context",
        "_ledger",
        "_personality",
        "_planned",
        "_values",
        "_watchers",
    )

    def __init__(
        self,
        personality: Personality,
        ledger: Ledger,
        context: Context,
        planned: Mapping[str, Value] | None = None,
    ) -> None:
        """`planned` stands before the personality's factory values, which devices share."""
        self._personality = personality
        self._planned = planned or {}
        self._ledger = ledger
        self._context = context
        self._values: dict[str, Value] = {}
        self._before: dict[str, Value] = {}
        self._watchers: list[Watcher] = []
        for record in ledger.read():
            self._replay(record)
        # Once initialized, a device never goes back to what it was planned to be.
        first = [{"reset": True}] if planned and not self._planned else []
        self._ledger.replace(first + self._records(self._values))

    def _replay(self, record: Record) -> None:
        if record.get("reset"):
            self._values.clear()
            self._planned = {}
        key, value = record.get("key", ""), record.get("value")
        if key in self._personality.defaults and value is not None:
            try:
                self._values[key] = self._context.catalog[key].check(value)
            except SettingRefused:
                # The catalogue has narrowed since this was written: the factory value stands.
                self._values.pop(key, None)

    @staticmethod
    def _records(values: Mapping[str, Value]) -> list[Record]:
        return [{"key": key, "value": value} for key, value in values.items()]

    def __getitem__(self, key: str) -> Value:
        """Return the stored value, whether or not it is in effect yet."""
        if key in self._values:
            return self._values[key]
        if key in self._planned:
            return self._planned[key]
        return self._personality.defaults[key]

    def __contains__(self, key: object) -> bool:
        return key in self._personality.defaults and key not in self._personality.lacks

    def effective(self, key: str) -> Value:
        """Return the value that the device acts by now."""
        return self._before[key] if key in self._before else self[key]

    def on(self, key: str) -> bool:
        """Say whether a yes/no setting is in effect."""
        return self.effective(key) is True

    def text(self, key: str) -> str:
        """Return a text or choice setting that is in effect."""
        return str(self.effective(key))

    def number(self, key: str) -> int:
        """Return a number that is in effect."""
        value = self.effective(key)
        assert isinstance(value, int)
        return value

    def keys(self) -> list[str]:
        """Return the settings that this model has, in the catalogue's order."""
        return [key for key in self._personality.defaults if key in self]

    @property
    def pending(self) -> tuple[str, ...]:
        """Return the settings that wait for a restart."""
        return tuple(self._before)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher(key)` after a setting has taken effect."""
        self._watchers.append(watcher)

    def check(self, key: str, value: object, via: str) -> Value:
        """Return the value as it would be stored, or raise `SettingRefused` or `Locked`."""
        if key not in self:
            raise SettingRefused(f"this model has no {key}")
        setting = self._context.catalog[key]
        if setting.kind is not Kind.SETTING:
            raise SettingRefused(f"{key} cannot be set")
        if via in {"remote-ui", "panel"} and via not in setting.doors:
            raise SettingRefused(f"{setting.label} can be set only at {', '.join(setting.doors)}")
        checked = setting.check(value)
        if holder := self._context.lock(key):
            raise Locked(f"{setting.label} is locked by the security policy: {holder}")
        return checked

    def set(self, key: str, value: object, actor: str, via: str) -> bool:
        """Store a value: the one door. Return whether it changed.

        Raises `SettingRefused` (type, range, door), `Locked` (policy) or `LedgerFault`; then
        nothing changed, and the attempt stands in the audit log.
        """
        try:
            checked = self.check(key, value, via)
        except SettingRefused as fault:
            detail = f"{key} via {via}: {fault}"
            self._context.log.add(
                LogKind.MACHINE_MANAGEMENT, actor, "Change Setting", detail, ok=False
            )
            raise
        return self._put(key, checked, actor, via)

    def force(self, values: Mapping[str, Value], actor: str) -> None:
        """Store what a security policy forces, lock or no lock; used by the policy alone.

        All of it or, where the disk is full (`LedgerFault`), nothing.
        """
        checked = {k: self._context.catalog[k].check(v) for k, v in values.items() if k in self}
        new = {key: value for key, value in checked.items() if self[key] != value}
        forgets = self._personality.quirks.forgets
        self._ledger.append(*self._records({k: v for k, v in new.items() if k not in forgets}))
        for key, value in new.items():
            self._take(key, value, actor, "policy")

    def _put(self, key: str, value: Value, actor: str, via: str) -> bool:
        if self[key] == value:
            return False
        if key not in self._personality.quirks.forgets:
            self._ledger.append({"key": key, "value": value})
        self._take(key, value, actor, via)
        return True

    def _take(self, key: str, value: Value, actor: str, via: str) -> None:
        """Act by a value that is on disk already, and record it."""
        setting = self._context.catalog[key]
        self._context.journal.add("writes", key)
        shown = "(secret)" if setting.secret else show(value)
        detail = f"{key} = {shown} via {via}"
        self._context.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Change Setting", detail)
        if key in self._personality.quirks.forgets:
            return
        if setting.restart and via != "lab":
            self._before.setdefault(key, self[key])
        self._values[key] = value
        if self._before.get(key) == value:
            del self._before[key]
        if key not in self._before:
            self._notify([key])

    def apply_pending(self) -> None:
        """Let what waited for a restart take effect ([Apply Setting Changes], or a reboot)."""
        waiting = list(self._before)
        self._before.clear()
        self._notify(waiting)

    def reset(self, actor: str) -> None:
        """Go back to the factory values ([Initialize All Data/Settings])."""
        changed = list({**self._planned, **self._values})
        self._ledger.replace([{"reset": True}])
        self._values.clear()
        self._planned = {}
        self._before.clear()
        self._context.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Initialize All Data/Settings")
        self._notify(changed)

    def _notify(self, keys: Iterable[str]) -> None:
        for key in keys:
            for watcher in self._watchers:
                watcher(key)
