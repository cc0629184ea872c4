"""The maps to standards are complete and point at rules that can judge."""

from __future__ import annotations

from collections import Counter

import pytest

from frisket.audit.load import load_content
from frisket.audit.standard import Standard, maps_of, parse_standard
from frisket.errors import ContentError

# Group id, version, severity of DISA's V2R15 benchmark, in its order.
STIG = """
V-6777 MFD01.001 medium
V-6779 MFD01.003 medium
V-6781 MFD02.001 high
V-6782 MFD02.002 high
V-6783 MFD02.003 medium
V-6780 MFD02.004 medium
V-6784 MFD02.005 high
V-6790 MFD03.001 low
V-97711 MFD03.002 medium
V-6794 MFD04.001 medium
V-6796 MFD05.001 medium
V-6797 MFD06.001 medium
V-6798 MFD06.002 low
V-6799 MFD06.006 low
V-6800 MFD07.001 high
V-6801 MFD07.002 medium
V-6802 MFD07.003 low
V-6803 MFD07.004 low
V-6804 MFD07.005 medium
V-6805 MFD08.001 medium
V-6806 MFD08.002 high
V-6807 MFD09.001 high
"""


def standard(name: str) -> Standard:
    return next(s for s in load_content().standards if s.id == name)


def test_the_stig_is_complete() -> None:
    wanted = [tuple(line.split()) for line in STIG.strip().splitlines()]
    stig = standard("stig")
    assert [(r.id, r.version, r.severity) for r in stig.requirements] == wanted
    assert Counter(r.severity for r in stig.requirements) == {"high": 6, "medium": 11, "low": 5}
    assert "no longer maintained" in stig.note


def test_the_rule_id_that_stands_twice_is_kept_as_disa_has_it() -> None:
    ids = Counter(r.rule_id for r in standard("stig").requirements)
    assert [i for i, n in ids.items() if n > 1] == ["SV-7031r1_rule"]


def test_conflicts_of_the_stig_with_the_guide_are_told() -> None:
    told = {r.version for r in standard("stig").requirements if r.conflict}
    assert told == {"MFD02.003", "MFD02.004", "MFD03.001", "MFD04.001", "MFD07.005"}


def test_bsi_has_sixteen_requirements_in_order() -> None:
    assert [r.id for r in standard("bsi-sys-4-1").requirements] == [
        f"SYS.4.1.A{n}" for n in range(1, 17)
    ]


@pytest.mark.parametrize("found", load_content().standards, ids=lambda s: s.id)
def test_requirements_are_judged_as_their_status_says(found: Standard) -> None:
    ids = [r.id for r in found.requirements]
    assert len(ids) == len(set(ids))
    for requirement in found.requirements:
        assert requirement.title
        if requirement.status in {"automated", "partial"}:
            assert requirement.rules or requirement.note, requirement.id
        if requirement.status == "automated":
            assert requirement.rules, requirement.id
        assert len(set(requirement.rules)) == len(requirement.rules), requirement.id


def test_a_rule_finds_its_requirements() -> None:
    maps = maps_of(load_content().standards, ["auth.lockout-on"])
    assert maps["hcd-cpp"] == ("FIA_AFL.1",)
    assert maps["nist-800-53"] == ("AC-7",)
    assert "V-6806" in maps["stig"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"id": "1", "title": "t", "status": "perhaps"}, "unknown status"),
        ({"id": "1", "title": "t", "status": "manual", "rules": ["no-such"]}, "unknown rule"),
        ({"id": "1", "title": "t"}, "status"),
        ({"id": "1", "title": "t", "status": "manual", "colour": "red"}, "unknown field"),
    ],
)
def test_a_malformed_map_is_refused(row: dict[str, object], says: str) -> None:
    raw = {"id": "x", "title": "t", "edition": "e", "requirement": [row]}
    with pytest.raises(ContentError, match=says):
        parse_standard("x", raw, load_content().rules)
