"""What people say and write, in both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.people import People, add_attestation, add_evidence, add_waiver
from frisket.store.questionnaires import (
    add_questionnaire,
    find_questionnaire,
    move_questionnaire,
    questionnaires,
)
from frisket.store.texts import Texts, approve_version, holding, version_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 6, 1)


def test_waivers_and_attestations_come_back_as_they_were_kept(both: Database) -> None:
    site = Inventory(both).add_site("North", [], NOW)
    waiver = {
        "rule": "snmp.v1-off",
        "consideration": "",
        "scope": {"condition": {"model": ["ö\N{SNOWMAN}"]}},
        "site_id": site,
        "owner": "Ann",
        "reason": "x" * 5000,
        "expires": DAY,
        "proposed_by": "ann",
        "approved_by": "sue",
        "approved": NOW,
    }
    said: dict[str, object] = {
        "key": "k",
        "consideration": "",
        "scope": {},
        "site_id": None,
        "who": "Jo",
        "looked": DAY,
        "evidence": "seen",
        "expires": DAY,
        "made_by": "ann",
        "made": NOW,
    }
    with both.write() as connection:
        number = add_waiver(connection, waiver)
        answers = [True, False, 12, "text", ["a", "b"]]
        ids = [add_attestation(connection, said | {"answer": answer}) for answer in answers]
        file = {
            "name": "f",
            "type": "text/plain",
            "size": 3,
            "digest": "d",
            "body": b"\x00\xff\x01",
        }
        add_evidence(connection, ids[0], file)
    people = People(both)
    row = people.waiver(number)
    assert row is not None
    assert {name: getattr(row, name) for name in waiver} == waiver
    assert [one.answer for one in reversed(people.attestations())] == answers
    assert [type(one.answer) for one in people.attestations()][-1] is bool
    [kept] = people.evidence(ids)
    found = people.file(kept.id)
    assert found is not None
    assert found[1] == b"\x00\xff\x01"
    assert people.waivers([site + 1]) == []
    assert len(people.attestations([site + 1])) == len(answers)
    assert people.end_waiver(number, "ann", NOW)
    assert not people.end_waiver(number, "bob", NOW)


def test_of_two_who_decide_one_does(both: Database) -> None:
    values = {
        "person": "Jo",
        "baseline": "small-office",
        "site_id": None,
        "questions": [{"key": "k", "devices": [1]}],
        "made_by": "ann",
        "made": NOW,
        "expires": NOW + timedelta(days=1),
    }
    with both.write() as connection:
        number = add_questionnaire(connection, values)
        assert move_questionnaire(connection, number, "open", state="answered", answers=[{"a": 1}])
        assert not move_questionnaire(connection, number, "open", state="withdrawn")
        row = find_questionnaire(connection, number)
        assert find_questionnaire(connection, number + 1) is None
    assert row is not None
    assert (row.state, row.questions, row.answers) == ("answered", values["questions"], [{"a": 1}])
    assert [one.id for one in questionnaires(both, [5])] == [number]


def test_versions_count_by_name_and_kind(both: Database) -> None:
    baselines, policies = Texts(both, "baseline"), Texts(both, "policy")
    made = [baselines.save(name, f"{name}{n}", "ann", "", NOW) for n in (1, 2) for name in "ab"]
    assert made == [1, 1, 2, 2]
    assert policies.save("a", "p", "ann", "", NOW) == 1
    assert baselines.holding() == {}
    with both.write() as connection:
        for number in (2, 1):
            one = version_of(connection, "baseline", "a", number)
            assert one is not None
            assert approve_version(connection, one, "sue", NOW)
            assert not approve_version(connection, one, "sue", NOW)
        holds = holding(connection, "baseline", "a")
    assert holds is not None
    # The newer version holds, whichever was approved last.
    assert holds.version == 2
    assert baselines.text("a", baselines.holding()["a"]) == "a2"
    assert {one.name: one.version for one in baselines.newest()} == {"a": 2, "b": 2}
    assert policies.holding() == {}
