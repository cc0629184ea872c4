"""Contradictions are computed, and each one is explained to the reader."""

from __future__ import annotations

import pytest

from frisket.audit.conflict import Clash, Kind, clashes, closes_every, no_way_left
from frisket.audit.load import Content, load_content

NETWORK_PRINTING = ("SP-09", "SP-10", "SP-11", "SP-12", "SP-14")


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


def declared(content: Content, clash: Clash) -> bool:
    return any(set(clash.between) <= set(c.between) for c in content.contradictions)


def test_every_computed_contradiction_is_declared(content: Content) -> None:
    assert [clash for clash in clashes(content) if not declared(content, clash)] == []


@pytest.mark.parametrize(
    ("kind", "key", "one", "other"),
    [
        (Kind.OPPOSITE, "wifi.direct.enabled", "SO-14", "EN-15"),
        (Kind.OPPOSITE, "wifi.direct.enabled", "SO-14", "SP-01"),
        (Kind.OPPOSITE, "snmp.v3.enabled", "SO-05", "SP-22"),
        (Kind.OPPOSITE, "snmp.v3.enabled", "EN-05", "SP-22"),
        (Kind.POINTLESS, "remote-ui.enabled", "SO-04", "EN-04"),
        (Kind.POINTLESS, "ftp.print.enabled", "SO-09", "SP-07"),
        (Kind.POINTLESS, "ftp.print.enabled", "SO-09", "SP-11"),
        (Kind.POINTLESS, "network.interface", "EN-14", "SP-02"),
    ],
)
def test_the_guides_own_contradictions_are_found(
    content: Content, kind: Kind, key: str, one: str, other: str
) -> None:
    found = {(c.kind, c.key, frozenset(c.between)) for c in clashes(content)}
    assert (kind, key, frozenset({one, other})) in found


def test_demands_that_pull_in_one_direction_do_not_clash(content: Content) -> None:
    pairs = {frozenset(c.between) for c in clashes(content)}
    assert frozenset({"SO-05", "SP-08"}) not in pairs
    assert frozenset({"SO-16", "SP-14"}) not in pairs


def test_all_print_ports_restricted_leave_no_way_to_print(content: Content) -> None:
    assert no_way_left(NETWORK_PRINTING, content)
    assert any(set(NETWORK_PRINTING) <= set(c.between) for c in content.contradictions)


@pytest.mark.parametrize("spared", NETWORK_PRINTING)
def test_one_print_port_left_is_a_way(content: Content, spared: str) -> None:
    assert not no_way_left(set(NETWORK_PRINTING) - {spared}, content)


def test_the_whole_security_policy_leaves_no_way_to_print(content: Content) -> None:
    assert no_way_left((item.id for item in content.policy), content)
    assert not no_way_left(
        (c.id for c in content.baselines["small-office"].considerations), content
    )


def test_a_role_that_no_key_has_is_never_closed(content: Content) -> None:
    assert not closes_every("no-such-role", {}, content.catalog)


def test_declared_conflicts_name_considerations_that_exist(content: Content) -> None:
    known = {c.id for b in content.baselines.values() for c in b.considerations}
    for contradiction in content.contradictions:
        assert len(set(contradiction.between)) >= 2
        assert set(contradiction.between) <= known
        assert contradiction.text.endswith(".")
