"""The audit log's page with everything on it: witnesses, what they dispute, where heads go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update
from tests.browser.console import MARKS, Served, check_page, person, served_console
from tests.witnessing import Seat, ToDoor, desk_of, enrolled

from frisket.fleet.chain import Act
from frisket.fleet.roles import Role
from frisket.store.cosignatures import Dispute, Place, Receivers, add_receiver
from frisket.store.inventory import Inventory
from frisket.store.tables.log import LOG_CHECKPOINT, LOG_DISPUTE

pytestmark = MARKS
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("console")) as found:
        fill(found, [tmp_path_factory.mktemp(name) for name in ("a", "b")])
        yield found


def fill(served: Served, folders: list[Path]) -> None:
    """Let two collectors witness the log, one of them no more, and one dispute it."""
    services, desk = served.console.services, desk_of(served.console, NOW)
    database, log = services.database, services.log
    Inventory(database).add_site("North", [], NOW)
    for number in range(70):
        act = ("refused", "refused") if number % 9 == 0 else ("device.notes", "done")
        log.record(Act("ann", act[0], f"serial:canon:{number}", act[1], {"n": number}, 1))
    log.checkpoint()

    async def witness() -> None:
        one, other = [Seat(f, await enrolled(desk, f), ToDoor(desk)) for f in folders]
        await one.ask()
        await other.ask()
        log.record(Act("ann", "test"))
        log.checkpoint()
        await one.ask()

    # In a thread of its own: the browser's driver runs an event loop in this one.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(witness())).result()
    size, _ = log.store.head()
    dispute = Dispute(2, 55, "forked", True, "", NOW, None)
    with database.write() as connection:
        late = update(LOG_CHECKPOINT).where(LOG_CHECKPOINT.c.size == size)
        connection.execute(late.values(at=NOW - timedelta(hours=3)))
        connection.execute(LOG_DISPUTE.insert().values(**dispute._asdict()))
        for host in ("log.example", "siem.very-long-name.department.company.example"):
            add_receiver(connection, Place(host, 6514, ""), "ada", NOW)
    receivers = Receivers(database)
    first, second = receivers.all()
    receivers.delivered(first.id, size, NOW)
    receivers.failed(second.id, 3, NOW, "the server's certificate is refused: expired")


def test_the_log_shows_who_keeps_what_of_it(browser: Browser, served: Served) -> None:
    with person(browser, served, "aud", [Role.AUDITOR]) as found:
        check_page(found, "/log", name="log-witnessed")
        page = found.page
        page.get_by_text("has seen another log").wait_for()
        page.get_by_text("silent", exact=True).wait_for()
        page.get_by_label("Outcome").select_option("refused")
        page.wait_for_url("**outcome=refused**")
        assert page.locator("tbody .s-bad").count() == 8
    with person(browser, served, "ada", [Role.ADMINISTRATOR]) as found:
        check_page(found, "/log-receivers", name="log-receivers")
        page = found.page
        page.get_by_text("certificate is refused").wait_for()
        page.get_by_label("Host").fill("third.example")
        page.get_by_role("button", name="Propose it").click()
        page.get_by_text("third.example port 6514").wait_for()
