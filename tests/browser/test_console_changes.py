"""From a login to a hardened fleet in a browser: planned, approved by another, made, drifted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update
from tests.browser.console import (
    MARKS,
    Served,
    Window,
    check_page,
    person,
    served_console,
    settled,
)
from tests.living import living

from frisket.fleet.roles import Role
from frisket.mfd.device import Device
from frisket.store.inventory import Inventory, put_device
from frisket.store.tables.account import ACCOUNT

pytestmark = [*MARKS, pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")]


def take_in(served: Served, devices: list[Device]) -> list[int]:
    """Put running devices into the inventory, managed."""
    database, now = served.console.services.database, datetime.now(UTC)
    inventory = Inventory(database)
    site = inventory.add_site("Lab", [f"{device.address}/32" for device in devices], now)
    inventory.change_site(site, {"limits": {"packets_per_second": 0}})
    ids = []
    for device in devices:
        shift = device.plan.shift
        values = {
            "site_id": site,
            "key": f"serial:canon:{device.plan.serial}",
            "serial": device.plan.serial,
            "address": device.address,
            "name": f"print-{device.plan.serial}",
            "model": "iR-ADV C5535",
            "ports": {str(p): device.port(p) for p in range(1, 1024)} if shift else {},
            "state": "managed",
        }
        with database.write() as connection:
            ids.append(put_device(connection, None, values, now))
    return ids


def audited(served: Served, ids: list[int]) -> None:
    """Audit devices; in a thread of its own, as the browser's driver has a loop in this one."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(served.console.services.crew.audit, "small-office", ids).result()


@contextmanager
def seasoned(browser: Browser, served: Served, name: str, role: Role) -> Iterator[Window]:
    """Open a window of somebody whose account is older than a day."""
    served.account(name, [role])
    long_ago = datetime.now(UTC) - timedelta(days=3)
    with served.console.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(elevated=long_ago))
    with person(browser, served, name, [role]) as window:
        yield window


@pytest.mark.timeout(300)
def test_a_fleet_is_hardened_by_two_and_its_drift_is_seen(browser: Browser, tmp_path: Path) -> None:
    with living(2) as lab, served_console(tmp_path) as served:
        devices = lab.devices
        ids = take_in(served, devices)
        with person(browser, served, "root", [Role.ADMINISTRATOR]) as window:
            page = window.page
            window.open("/device-logins")
            page.get_by_label("User", exact=True).fill("initial")
            page.get_by_label("Authentication password").fill("initial1")
            page.get_by_label("Encryption password").fill("initial1")
            page.locator("#f-remote-ui-password").fill("7654321")
            page.get_by_label("It may be sent where there is no TLS yet").check()
            page.get_by_role("button", name="Seal it").click()
            expect(page.get_by_text("The login is sealed.")).to_be_visible()
            check_page(window, "/device-logins", name="logins")
            assert "initial1" not in page.content()
            check_page(window, "/drift", name="drift-empty")
        audited(served, ids)
        with person(browser, served, "ann", [Role.OPERATOR]) as window:
            page = window.page
            window.open("/changes/new?site=Lab&baseline=small-office")
            check_page(window, "/changes/new?site=Lab&baseline=small-office", name="change-new")
            expect(page.get_by_role("heading", name="2 devices")).to_be_visible()
            page.get_by_role("button", name="Ask the devices").click()
            settled(page, "Propose it")
            path = page.url.removeprefix(served.url)
            check_page(window, path, name="change-planned")
            expect(page.get_by_text("snmp.v1.enabled").first).to_be_visible()
            page.get_by_role("button", name="Propose it").click()
            expect(page.get_by_text("A second person has to decide now.")).to_be_visible()
            assert page.get_by_role("button", name="Begin").count() == 0
            with seasoned(browser, served, "sam", Role.SECURITY_ADMINISTRATOR) as other:
                other.open("/approvals")
                second = other.page
                second.get_by_role("link", name="Change 1").click()
                expect(second.get_by_text("Settings")).to_be_visible()
                second.get_by_role("button", name="Approve").click()
                expect(second.get_by_text("It is approved.")).to_be_visible()
            window.open(path)
            page.get_by_role("button", name="Begin").click()
            settled(page, "Put everything back")
            for _ in range(90):
                if page.locator("#progress .state", has_text="done").count() >= 3:
                    break
                page.wait_for_timeout(1000)
            check_page(window, path, name="change-done")
            expect(page.locator("#progress").get_by_text("1 of 1")).to_have_count(2)
            assert not any(device.store.effective("snmp.v1.enabled") for device in devices)
            assert [max(device.journal.writes.values()) for device in devices] == [1, 1]
            lab.panel(devices[0], "snmp.v1.enabled", True)
            audited(served, ids)
            check_page(window, "/drift", name="drift")
            check_page(window, f"/devices/{ids[0]}", name="device-drift")
            card = page.locator("#drift")
            expect(card.locator("tbody tr")).to_have_count(1)
            expect(card.get_by_text("snmp.v1.enabled")).to_be_visible()
            expect(card.get_by_text("nobody knows")).to_be_visible()
            card.get_by_role("button", name="Put it back").click()
            settled(page, "Begin")
            page.get_by_role("button", name="Begin").click()
            settled(page, "Put everything back")
            for _ in range(60):
                if not devices[0].store.effective("snmp.v1.enabled"):
                    break
                page.wait_for_timeout(500)
            assert not devices[0].store.effective("snmp.v1.enabled")
            assert devices[0].journal.writes["snmp.v1.enabled"] == 3
            check_page(window, "/changes", name="changes")
        assert [device.journal.counts["sheets"] for device in devices] == [0, 0]
        assert [device.journal.counts["failed_logins"] for device in devices] == [0, 0]
