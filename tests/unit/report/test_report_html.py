from __future__ import annotations

import base64
import hashlib
import re
import time

from tests.unit.report.samples import fleet

from frisket.report.find import format_named
from frisket.report.format import ReportContext

CONTEXT = ReportContext(tool_version="0.1.0")


def page(devices: int, repeat: int = 1) -> str:
    return format_named("html").render(fleet(devices, repeat=repeat), CONTEXT).decode()


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else() -> None:
    drawn = page(2)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', drawn)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for element, rule in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{element}>(.*?)</{element}>", drawn, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}


def test_the_page_is_complete_in_itself() -> None:
    drawn = page(2)
    assert "://" not in drawn
    assert not re.search(r"<[^>]* (style|on\w+|src)=", drawn)
    assert not re.search(r"url\(|@import", drawn)


def test_every_link_has_its_place_and_every_id_is_one() -> None:
    for devices in (3, 60):
        drawn = page(devices)
        ids = re.findall(r'\bid="([^"]*)"', drawn)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]*)"', drawn)) <= set(ids)


def test_a_finding_tells_what_was_seen_and_what_to_do() -> None:
    drawn = page(2)
    for text in (
        "remote-ui.enabled = on",
        "Preferences &gt; Network &gt; SNMP Settings",
        "Older print queues",
        "V-6777",
        "127.0.1.200",
        "The device woke up",
    ):
        assert text in drawn
    assert drawn.count('<details class="device"') == 2


def test_a_large_fleet_links_to_its_rules() -> None:
    drawn = page(60)
    assert drawn.count('id="rule-') == 10
    assert drawn.count("Older print queues") == 10
    assert "Not listed: 3 pass, 1 not applicable." in drawn


def test_a_thousand_devices_stay_a_page() -> None:
    begun = time.process_time()
    drawn = page(1000, repeat=4)
    assert time.process_time() - begun < 40
    assert len(drawn) < 20_000_000
