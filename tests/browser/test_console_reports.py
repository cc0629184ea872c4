"""Reports from the console: asked for, made aside, downloaded; accessible and harmless."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest
from playwright.sync_api import Browser, expect
from tests.browser.console import MARKS, Served, check_page, person, served_console
from tests.browser.reports import reported
from tests.browser.test_console_devices import HOSTILE, judged

from frisket.fleet.roles import Role
from frisket.store.inventory import Inventory

pytestmark = MARKS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("reports")) as found:
        services = found.console.services
        now = datetime.now(UTC) - timedelta(minutes=5)
        reported(services.database, now, days=60, hostile=HOSTILE)
        judged(found, 1)
        judged(found, 2)
        Inventory(services.database).add_site("Branch", [], now)
        yield found


WANTED = [
    ("executive", "pdf"),
    ("executive", "html"),
    ("evidence", "pdf"),
    ("evidence", "csv"),
    ("orders", "csv"),
    ("results", "sarif"),
    ("results", "pdf"),
    ("results", "zip"),
]


def test_reports_are_made_and_kept(browser: Browser, served: Served) -> None:
    services = served.console.services
    with person(browser, served, "aud", [Role.AUDITOR]) as window:
        page, ask = window.page, window.context.request
        check_page(window, "/reports", name="reports-empty")
        filled: dict[str, str | float | bool] = {
            "baseline": "small-office",
            "consideration": "SO-05",
            "within": "60",
        }
        origin = {"origin": served.url}
        for kind, form in WANTED:
            sent: dict[str, str | float | bool] = {"kind": kind, "form": form, **filled}
            assert ask.post(f"{served.url}/reports", form=sent, headers=origin).ok
        sent = {"kind": "device", "form": "pdf", "device": "1", **filled}
        assert ask.post(f"{served.url}/reports", form=sent, headers=origin).ok
        made = {}
        for number, (kind, form) in enumerate([*WANTED, ("device", "pdf")], 1):
            # In a thread of its own: the browser's driver runs an event loop in this one.
            with ThreadPoolExecutor(1) as aside:
                done = aside.submit(services.jobs.result, f"report:{number}")
                assert done.result(60) == "made"
            answer = ask.get(f"{served.url}/reports/{number}/file")
            assert answer.ok
            made[kind, form] = answer.body()
        check_page(window, "/reports")
        expect(page.get_by_role("link", name="Download")).to_have_count(9)
    for (_, form), octets in made.items():
        if form == "pdf":
            with pikepdf.open(io.BytesIO(octets)) as pdf:
                assert pdf.Root["/MarkInfo"]["/Marked"]
                assert "/StructTreeRoot" in pdf.Root
                assert pdf.Root["/Lang"] == "en"
                assert "pdfuaid" in str(pdf.open_metadata())
    page_text = made["executive", "html"].decode()
    assert "<script" not in page_text
    assert "<img" not in page_text
    evidence = list(csv.DictReader(io.StringIO(made["evidence", "csv"].decode())))
    assert {row["Verdict"] for row in evidence} >= {"disputed"}
    assert not any(value[:1] in "=+-@" for row in evidence for value in row.values() if value)
    orders = list(csv.DictReader(io.StringIO(made["orders", "csv"].decode())))
    assert orders[0]["Supply"].startswith("Black toner")
    sarif = json.loads(made["results", "sarif"])
    assert sarif["runs"][0]["results"]


def test_a_report_is_read_by_those_who_see_its_sites(browser: Browser, served: Served) -> None:
    branch = next(
        site.id
        for site in Inventory(served.console.services.database).sites()
        if site.name == "Branch"
    )
    with person(browser, served, "bea", [Role.AUDITOR], site=branch) as window:
        ask = window.context.request
        assert ask.get(f"{served.url}/reports/1/file").status == 404
        sent: dict[str, str | float | bool] = {"kind": "device", "form": "pdf", "device": "1"}
        answer = ask.post(f"{served.url}/reports", form=sent, headers={"origin": served.url})
        assert answer.status == 404
        window.open("/reports")
        expect(window.page.get_by_text("No report yet")).to_be_visible()
