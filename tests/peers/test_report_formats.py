"""Our reports as read by others: SARIF Multitool, STIG Manager, axe in Chromium, JUnit by lxml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.unit.report.samples import HOSTILE, STIG, device, fleet, hostile

from frisket.model.finding import AuditResult
from frisket.report.find import format_named
from frisket.report.format import ReportContext

NPM = Path(__file__).resolve().parents[1] / "npm" / "node_modules"
CONTEXT = ReportContext(stig=STIG, tool_version="0.1.0")
HOSTILE_TOGETHER = "".join(HOSTILE[:-1])[:200]

CHECKLIST_READER = """
import fs from 'fs'
import { reviewsFromCklb } from '@nuwcdivnpt/stig-manager-client-modules'
const always = { enabled: 'always', required: 'findings' }
const auto = { fail: 'saved', notapplicable: 'saved', pass: 'saved' }
const read = reviewsFromCklb({
  data: fs.readFileSync(0, 'utf8'),
  importOptions: {
    autoStatus: auto, unreviewed: 'commented', unreviewedCommented: 'informational',
    emptyDetail: 'replace', emptyComment: 'ignore', allowCustom: true },
  fieldSettings: { detail: always, comment: always },
  allowAccept: true, scapBenchmarkMap: new Map(), sourceRef: 'test' })
console.log(JSON.stringify(read))
"""


def from_npm(*parts: str) -> Path:
    """Return a file below tests/npm/node_modules; skips or fails where it is missing."""
    path = NPM.joinpath(*parts)
    if not path.exists():
        reason = f"{path.name} is missing: script/checkers installs it"
        if os.environ.get("FRISKET_PEERS") == "require":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return path


def multitool(path: Path) -> str:
    """Return what the SARIF SDK's validator says of a file."""
    tool = from_npm("@microsoft", "sarif-multitool-linux", "Sarif.Multitool")
    asked = [str(tool), "validate", str(path)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def accepted(said: str) -> bool:
    """Say whether the validator read the file and found no error.

    It says nothing at all of a file it cannot read, and always misses a region in our locations.
    """
    return "warning SARIF2017" in said and " error " not in said


@pytest.mark.parametrize(
    "result",
    [fleet(8), hostile(HOSTILE_TOGETHER), *map(hostile, HOSTILE[1::4])],
    ids=["fleet", "together", *map(str, range(1, len(HOSTILE), 4))],
)
def test_the_sarif_validator_accepts_our_log(result: AuditResult, tmp_path: Path) -> None:
    path = tmp_path / "audit.sarif"
    path.write_bytes(format_named("sarif").render(result, CONTEXT))
    said = multitool(path)
    assert accepted(said), said


@pytest.mark.parametrize(
    "fault",
    [
        {"nonsense": 1},
        {"kind": "bogus"},
        {"ruleIndex": 99},
        {"message": {}},
    ],
    ids=str,
)
def test_the_sarif_validator_rejects_faults(fault: dict[str, Any], tmp_path: Path) -> None:
    """The judge above can say no."""
    log = json.loads(format_named("sarif").render(fleet(1), CONTEXT))
    log["runs"][0]["results"][0] |= fault
    path = tmp_path / "audit.sarif"
    path.write_text(json.dumps(log, indent=1))
    assert not accepted(multitool(path))


def stig_manager(checklist: bytes) -> Any:
    """Return what STIG Manager reads from a checklist."""
    from_npm("@nuwcdivnpt", "stig-manager-client-modules", "index.js")
    node = shutil.which("node") or "node"
    asked = [node, "--input-type=module", "-e", CHECKLIST_READER]
    answer = subprocess.run(
        asked, input=checklist, capture_output=True, check=True, cwd=NPM.parent, timeout=60
    )
    return json.loads(answer.stdout)


@pytest.mark.peer("node")
def test_stig_manager_reads_our_checklist() -> None:
    result = replace(fleet(0), devices=(device(0),))
    drawn = format_named("cklb").render(result, CONTEXT)
    read = stig_manager(drawn)
    assert read["target"]["name"] == "mfd-0"
    assert read["target"]["ip"] == "127.0.1.1"
    (checklist,) = read["checklists"]
    assert checklist["benchmarkId"] == "MULTI-FUNCTION_DEVICE"
    assert checklist["revisionStr"].endswith("R15")
    ours = {r["rule_id_src"]: r["status"] for r in json.loads(drawn)["stigs"][0]["rules"]}
    words = {"open": "fail", "not_a_finding": "pass", "not_applicable": "notapplicable"}
    theirs = {r["ruleId"]: r["result"] for r in checklist["reviews"]}
    assert theirs
    for rule, status in ours.items():
        assert theirs.get(rule, "informational") == words.get(status, "informational")


@pytest.mark.peer("node")
@pytest.mark.parametrize("text", [HOSTILE_TOGETHER, HOSTILE[-1]], ids=["together", "long"])
def test_stig_manager_reads_a_hostile_devices_checklist(text: str) -> None:
    read = stig_manager(format_named("cklb").render(hostile(text), CONTEXT))
    assert len(read["checklists"]) == 1


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        launched = playwright.chromium.launch(executable_path=program, args=arguments)
        yield launched
        launched.close()


def opened(browser: Browser, drawn: bytes, tmp_path: Path, width: int, scheme: Any) -> Page:
    """Open a report; the page has `faults`, filled with what the console said."""
    path = tmp_path / "audit.html"
    path.write_bytes(drawn)
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.add_init_script(from_npm("axe-core", "axe.min.js").read_text(encoding="utf-8"))
    page.goto(path.as_uri())
    return page


@pytest.mark.peer("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "devices"), [(1280, 8), (320, 8), (320, 60)])
def test_axe_finds_no_barrier_and_nothing_scrolls_sideways(
    browser: Browser, tmp_path: Path, scheme: str, width: int, devices: int
) -> None:
    drawn = format_named("html").render(fleet(devices), CONTEXT)
    page = opened(browser, drawn, tmp_path, width, scheme)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = page.evaluate("axe.run()")
    assert not [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


@pytest.mark.peer("chromium")
def test_a_hostile_device_runs_nothing_and_reaches_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    text = "<script>alert(1)</script><img src=x onerror=alert(2)>" + HOSTILE_TOGETHER
    path = tmp_path / "audit.html"
    path.write_bytes(format_named("html").render(hostile(text), CONTEXT))
    page = browser.new_page(viewport={"width": 320, "height": 800})
    faults: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert not faults
    assert asked == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


@pytest.mark.peer("chromium")
def test_devices_are_sorted_filtered_and_found(browser: Browser, tmp_path: Path) -> None:
    drawn = format_named("html").render(fleet(12), CONTEXT)
    page = opened(browser, drawn, tmp_path, 1280, "light")
    names = page.locator("#fleet tbody th")
    page.get_by_role("button", name="Device").click()
    assert names.all_text_contents()[1] == "127.0.1.2"
    page.get_by_role("button", name="Device").click()
    assert names.all_text_contents()[0] == "127.0.1.12"
    page.get_by_label("Filter").fill("laserjet")
    assert page.get_by_role("status").text_content() == "3 of 12 shown"
    page.locator("#fleet tbody tr:visible a").first.click()
    assert page.locator("details.device[open]").count() == 1
    page.close()
