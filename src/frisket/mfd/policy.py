"""The Security Policy Settings of a virtual device: force, lock, and a password of their own."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from frisket.audit.load import Content
from frisket.audit.policy import PolicyItem, check_parameters, forced
from frisket.audit.rule import Parameters
from frisket.errors import SettingRefused
from frisket.ledger import Ledger
from frisket.mfd.auditlog import AuditLog, LogKind
from frisket.mfd.store import Store
from frisket.model.reading import Value

PASSWORD_KEY = "policy.password"  # noqa: S105 - the key's name, not a password


class PolicyRefused(SettingRefused):
    """The security policy password is wrong or missing."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """The ticked items and the values entered beside them."""

    items: tuple[str, ...] = ()
    parameters: Mapping[str, Value] | None = None


class Policy:
    """Which items are ticked, what they force, and which setting each one locks."""

    __slots__ = ("_content", "_ledger", "_locks", "_log", "_state")

    def __init__(self, content: Content, ledger: Ledger, log: AuditLog) -> None:
        self._content = content
        self._ledger = ledger
        self._log = log
        self._state = PolicyState()
        self._locks: dict[str, str] = {}
        for record in ledger.read():
            self._state = PolicyState(tuple(record["items"]), record["parameters"])
        self._relock()

    @property
    def items(self) -> tuple[str, ...]:
        """Return the ids of the ticked items."""
        return self._state.items

    @property
    def parameters(self) -> Parameters:
        """Return what was entered beside the items; the packaged values where nothing was."""
        packaged = self._content.baselines["security-policy"].parameters
        return {**packaged, **(self._state.parameters or {})}

    def locked(self, key: str) -> str:
        """Return the ticked item that holds `key`, in words; empty where the key is free."""
        return self._locks.get(key, "")

    def _ticked(self, ids: Iterable[str]) -> list[PolicyItem]:
        wanted = set(ids)
        known = {item.id for item in self._content.policy}
        if strange := wanted - known:
            raise SettingRefused(f"no such security policy item: {', '.join(sorted(strange))}")
        return [item for item in self._content.policy if item.id in wanted]

    def _relock(self) -> None:
        self._locks = {}
        for item in self._ticked(self._state.items):
            for key in forced([item], self._content.rules, self.parameters, self._content.catalog):
                self._locks.setdefault(key, f"{item.id} {item.label}")

    def check_password(self, store: Store, given: str, actor: str) -> None:
        """Raise `PolicyRefused` unless `given` is the policy password, where one is set."""
        wanted = str(store[PASSWORD_KEY])
        if wanted and not hmac.compare_digest(wanted.encode(), given.encode()):
            self._log.add(LogKind.SECURITY_POLICY, actor, "Policy Login", ok=False)
            raise PolicyRefused("the security policy password is wrong")

    def apply(
        self, store: Store, items: Iterable[str], parameters: Parameters, actor: str
    ) -> tuple[str, ...]:
        """Tick exactly `items`, force their settings and lock them; return what was forced.

        Clearing a tick frees its settings and restores nothing. Raises `SettingRefused` for an
        unknown item or a number outside its range, before anything is written, and `LedgerFault`
        where the disk is full: then nothing is ticked.
        """
        ticked = self._ticked(items)
        values = {**self.parameters, **parameters}
        check_parameters(ticked, values)
        catalog = self._content.catalog
        wanted = forced(ticked, self._content.rules, values, catalog)
        for key, value in wanted.items():
            catalog[key].check(value)
        own = {name: values[name] for item in ticked for name in _parameters_of(item)}
        state = PolicyState(tuple(item.id for item in ticked), own)
        # First the settings: a tick that a full disk left without its settings would lock nothing.
        store.force(wanted, actor)
        self._ledger.replace([{"items": list(state.items), "parameters": own}])
        self._state = state
        self._relock()
        detail = " ".join(state.items) or "no item ticked"
        self._log.add(LogKind.SECURITY_POLICY, actor, "Change Security Policy", detail)
        return tuple(wanted)

    def clear(self, actor: str) -> None:
        """Untick everything; the forced values stay."""
        self._ledger.replace(())
        self._state = PolicyState()
        self._relock()
        self._log.add(LogKind.SECURITY_POLICY, actor, "Clear Security Policy")


def _parameters_of(item: PolicyItem) -> list[str]:
    return [*(limit.parameter for limit in item.ranges), *item.text]
