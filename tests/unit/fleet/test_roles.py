"""Roles: the table of security.md 6.1, grants at sites, what raises rights."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.roles import (
    HOLDS,
    PERSONS_ONLY,
    Grant,
    Permission,
    Role,
    elevates,
    narrowed,
    reach,
)

GRANTS = st.lists(st.builds(Grant, st.sampled_from(Role), st.none() | st.integers(1, 3)))


def test_an_auditor_never_writes() -> None:
    writes = {
        p for p in Permission if p.value.startswith(("edit", "use", "run-changes", "approve"))
    }
    assert writes
    assert not HOLDS[Role.AUDITOR] & writes


def test_who_proposes_by_role_does_not_approve_by_role() -> None:
    proposes = {p.value.partition("-")[2] for p in HOLDS[Role.ADMINISTRATOR] if "propose" in p}
    approves = {
        p.value.partition("-")[2] for p in HOLDS[Role.SECURITY_ADMINISTRATOR] if "approve" in p
    }
    assert proposes <= approves
    for role in Role:
        both = {p.value.partition("-")[2] for p in HOLDS[role] if "propose" in p} & {
            p.value.partition("-")[2] for p in HOLDS[role] if "approve" in p
        }
        assert not both, role


def test_every_permission_is_held_by_somebody() -> None:
    assert set().union(*HOLDS.values()) == set(Permission)


@given(GRANTS, st.sampled_from(Permission), st.integers(1, 3))
def test_a_permission_holds_where_a_grant_says_so(
    grants: list[Grant], permission: Permission, site: int
) -> None:
    by_hand = any(
        permission in HOLDS[grant.role] and grant.site in {None, site} for grant in grants
    )
    assert (site in reach(grants, permission)) is by_hand


@given(GRANTS, GRANTS)
def test_more_rights_anywhere_are_noticed(before: list[Grant], after: list[Grant]) -> None:
    more = any(
        site in reach(after, permission) and site not in reach(before, permission)
        for permission in Permission
        for site in (1, 2, 3, 4)
    )
    # Everywhere is more than every site that there is today.
    wider = any(reach(after, p).everywhere and not reach(before, p).everywhere for p in Permission)
    assert elevates(before, after) is (more or wider)


@given(GRANTS)
def test_a_token_never_approves_nor_exceeds_its_person(grants: list[Grant]) -> None:
    usable = narrowed(grants, frozenset(Permission))
    assert not usable & PERSONS_ONLY
    assert not {p for p in usable if "approve" in p}
    assert all(reach(grants, p) for p in usable)
