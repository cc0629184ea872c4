"""Who may do what: roles, the permissions they hold, and grants that hold at one site only.

The five roles follow the guide's split: an administrator's login, and a security administrator
behind a password of his own. Who proposes a dangerous act never approves it (`approval`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is here for."""

    READ_ONLY = "read-only"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    SECURITY_ADMINISTRATOR = "security-administrator"


class Permission(StrEnum):
    """One kind of act. A page or an interface asks for exactly one."""

    OWN_ACCOUNT = "own-account"
    SEE_FLEET = "see-fleet"
    SEE_EVIDENCE = "see-evidence"
    SEE_LOG = "see-log"
    RUN_AUDIT = "run-audit"
    SEE_PANEL = "see-panel"
    USE_PANEL = "use-panel"
    EDIT_DEVICES = "edit-devices"
    ATTEST = "attest"
    PLAN_CHANGES = "plan-changes"
    RUN_CHANGES = "run-changes"
    APPROVE_CHANGES = "approve-changes"
    ACCEPT_IDENTITY = "accept-identity"
    EDIT_SITES = "edit-sites"
    EDIT_ALERTS = "edit-alerts"
    PROPOSE_POLICY = "propose-policy"
    APPROVE_POLICY = "approve-policy"
    PROPOSE_WAIVER = "propose-waiver"
    APPROVE_WAIVER = "approve-waiver"
    SEE_USERS = "see-users"
    PROPOSE_USERS = "propose-users"
    APPROVE_USERS = "approve-users"
    PROPOSE_CONTENT = "propose-content"
    APPROVE_CONTENT = "approve-content"


_P = Permission
_SEES: Final = frozenset({_P.OWN_ACCOUNT, _P.SEE_FLEET})
_OPERATES: Final = _SEES | {
    _P.RUN_AUDIT,
    _P.SEE_PANEL,
    _P.USE_PANEL,
    _P.EDIT_DEVICES,
    _P.ATTEST,
    _P.PLAN_CHANGES,
    _P.RUN_CHANGES,
    _P.EDIT_ALERTS,
}
HOLDS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.READ_ONLY: _SEES,
    # An auditor looks, and never writes to a device or to the policy.
    Role.AUDITOR: _SEES | {_P.SEE_EVIDENCE, _P.SEE_LOG, _P.RUN_AUDIT, _P.SEE_USERS},
    Role.OPERATOR: _OPERATES,
    Role.ADMINISTRATOR: _OPERATES
    | {
        _P.SEE_EVIDENCE,
        # Whom our logins are shown to from then on.
        _P.ACCEPT_IDENTITY,
        _P.EDIT_SITES,
        _P.SEE_USERS,
        _P.PROPOSE_POLICY,
        _P.PROPOSE_WAIVER,
        _P.PROPOSE_USERS,
        _P.PROPOSE_CONTENT,
    },
    Role.SECURITY_ADMINISTRATOR: _SEES
    | {
        _P.SEE_EVIDENCE,
        _P.SEE_LOG,
        _P.SEE_USERS,
        _P.APPROVE_CHANGES,
        _P.APPROVE_POLICY,
        _P.APPROVE_WAIVER,
        _P.APPROVE_USERS,
        _P.APPROVE_CONTENT,
    },
}
# What a program with a token never does, whoever made the token.
PERSONS_ONLY: Final = frozenset(
    {
        _P.OWN_ACCOUNT,
        _P.APPROVE_CHANGES,
        _P.APPROVE_POLICY,
        _P.APPROVE_WAIVER,
        _P.APPROVE_USERS,
        _P.APPROVE_CONTENT,
        _P.PROPOSE_USERS,
        _P.USE_PANEL,
        _P.ACCEPT_IDENTITY,
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, everywhere (`site` is None) or at one site."""

    role: Role
    site: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a permission holds: `everywhere`, or at `sites`."""

    everywhere: bool = False
    sites: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Say whether it holds anywhere."""
        return self.everywhere or bool(self.sites)

    def __contains__(self, site: int) -> bool:
        """Say whether it holds at a site."""
        return self.everywhere or site in self.sites


def reach(grants: Iterable[Grant], permission: Permission) -> Reach:
    """Return where `permission` holds by these grants; nowhere is the default."""
    having = [grant for grant in grants if permission in HOLDS[grant.role]]
    return Reach(
        everywhere=any(grant.site is None for grant in having),
        sites=frozenset(grant.site for grant in having if grant.site is not None),
    )


def elevates(before: Iterable[Grant], after: Iterable[Grant]) -> bool:
    """Say whether `after` allows anything anywhere that `before` did not."""
    had, have = tuple(before), tuple(after)
    for permission in Permission:
        old, new = reach(had, permission), reach(have, permission)
        if old.everywhere:
            continue
        if new.everywhere or not new.sites <= old.sites:
            return True
    return False


def narrowed(grants: Iterable[Grant], scopes: frozenset[Permission]) -> frozenset[Permission]:
    """Return the scopes that a token of a person with these grants may really use."""
    return frozenset(scope for scope in scopes - PERSONS_ONLY if reach(grants, scope))
