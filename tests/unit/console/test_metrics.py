"""The dashboard asks for metrics and labels that the console gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from tests.api import token
from tests.web import Web

from frisket.fleet.roles import Permission, Role

DASHBOARD = Path(__file__).resolve().parents[3] / "contrib" / "grafana" / "frisket-fleet.json"


def given(web: Web) -> set[str]:
    """Return the names of the metrics of an empty console: names stand there without rows too."""
    client = web.nobody()
    client.headers |= token(web, "prom", [Role.READ_ONLY], [Permission.SEE_FLEET])
    page = client.get("/metrics").text
    return {family.name for family in text_string_to_metric_families(page)}


def test_the_dashboard_asks_for_what_there_is(web: Web) -> None:
    text = DASHBOARD.read_text(encoding="utf-8")
    dashboard = json.loads(text)
    asked = set(re.findall(r"\bfrisket_[a-z_]+", text))
    assert len(asked) > 8
    assert asked <= given(web)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_an_unknown_metric_would_be_found(web: Web) -> None:
    assert "frisket_compliance" not in given(web)
