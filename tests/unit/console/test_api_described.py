"""The interface is as it is described: OpenAPI, judged and tried out by schemathesis."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from tests.api import token
from tests.web import Web

from frisket.console.api.openapi import operations
from frisket.console.pace import Pace
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.roles import HOLDS, PERSONS_ONLY, Permission, Role
from frisket.model.target import Identity
from frisket.store.inventory import Inventory

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"
EVERYTHING = HOLDS[Role.ADMINISTRATOR] | HOLDS[Role.AUDITOR]
# 400 and 412: what no schema can say, such as whether a name is that of a network or a version
# the newest. Everything else that the schema allows must be taken.
TAKEN = ["2xx", "400", "403", "404", "409", "412"]


def described(web: Web) -> dict[str, object]:
    bearer = token(web, "reader", [Role.READ_ONLY], [Permission.SEE_FLEET])
    answer = web.nobody().get("/api/openapi.json", headers=bearer)
    found: dict[str, object] = answer.json()
    return found


def test_the_committed_description_is_that_of_the_routes(web: Web) -> None:
    """After a wanted change: FRISKET_OPENAPI=write, then look at the difference."""
    found = json.dumps(described(web), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("FRISKET_OPENAPI") == "write":
        COMMITTED.write_text(found, encoding="utf-8")
    assert found == COMMITTED.read_text(encoding="utf-8")


def test_every_operation_says_what_it_takes_and_how_it_fails(web: Web) -> None:
    document = described(web)
    assert document["openapi"] == "3.1.0"
    seen = set()
    for method, path, operation in operations(document):
        assert operation["x-permission"] in set(Permission), path
        assert operation["description"].endswith("."), path
        for status in ("401", "403"):
            kinds = operation["responses"][status]["content"]
            assert set(kinds) == {"application/problem+json"}, (method, path)
        seen.add(operation["operationId"])
    assert len(seen) > 30


# Else the warning would end a worker of schemathesis, and it would wait for it for ever.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("examples", [4, pytest.param(12, marks=pytest.mark.nightly)])
def test_what_the_description_allows_is_taken_and_nothing_else(
    web: Web, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    """All of schemathesis's checks, on seeded examples; the one fault it may meet is none.

    At night also every boundary of every field, and every method that is not declared.
    """
    # Thousands of requests of one account: how fast it may ask is judged elsewhere.
    monkeypatch.setattr(Pace, "spend", lambda *_: None)
    # A stream of what is not over would be read for an hour: now it tells the state and ends.
    web.console.services.bus.close()
    here = web.site("here")
    inventory = Inventory(web.console.services.database)
    odd = Identity(serial="A1", name='<img src=x onerror=alert(1)>\u202e"=1+1', model="m\u2028")
    take_in(inventory, here, Sighting("10.0.0.1", odd), web.clock())
    scopes = EVERYTHING - PERSONS_ONLY
    bearer = token(web, "robot", [Role.ADMINISTRATOR, Role.AUDITOR], scopes)
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": "https://localhost",
            "headers": {"Authorization": bearer["authorization"]},
            "generation": {"max-examples": examples},
            "phases": {"coverage": {"enabled": examples > 4}},
            "checks": {"positive_data_acceptance": {"expected-statuses": TAKEN}},
            "operations": [
                # No schema says which serial numbers are none.
                {
                    "include-path": "/api/v1/sites/{id}/devices",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*TAKEN, "422"]}},
                }
            ],
        }
    )
    schema = schemathesis.openapi.from_dict(described(web), config=config)
    schema.app = web.console.app
    tried, faults = 0, []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tried += len(event.recorder.cases)
            faults += [
                f"{event.recorder.label}: {check.name}: {check.failure_info.failure}"
                f"\n{check.failure_info.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.failure_info is not None
            ]
        elif isinstance(event, events.NonFatalError):
            faults.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            faults.append(repr(event.exception))
    assert not faults, "\n\n".join(faults[:5])
    print(tried)
    assert tried > 500


def test_a_token_is_over_when_its_time_is(web: Web) -> None:
    bearer = token(web, "x", [Role.READ_ONLY], [Permission.SEE_FLEET], timedelta(hours=1))
    assert web.nobody().get("/api/v1/devices", headers=bearer).status_code == 200
    web.clock.pass_(hours=1)
    assert web.nobody().get("/api/v1/devices", headers=bearer).status_code == 401
    web.clock.pass_(days=-30)  # set back: the token is of a future whose end is as wrong
    assert web.nobody().get("/api/v1/devices", headers=bearer).status_code == 401
