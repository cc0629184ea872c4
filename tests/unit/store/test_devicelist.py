"""The device list against a plain reading of the same condition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from tests.peers.postgres import KINDS, fresh

from frisket.errors import UsageError
from frisket.model.condition import Condition, read_condition
from frisket.store.devicelist import SORTS, DeviceList
from frisket.store.inventory import Inventory, words_of
from frisket.store.tables.device import DEVICE, TAG

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITES = ("Head office", "Branch")


def row(number: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": number,
        "site_id": number % 2 + 1,
        "key": f"serial::{number}",
        "serial": f"XTG{number:04}",
        "address": f"10.0.{number % 3}.{number}",
        "mac": f"{number:012x}",
        "vendor": ("Canon", "HP")[number % 2],
        "model": f"Model {number % 4}",
        "name": f"printer-{number}",
        "location": ("Hall", "Büro 100%", "")[number % 3],
        "firmware": f"v{number % 5}",
        "state": ("new", "managed", "retired")[number % 3],
        "status": ("idle", "down", "")[number % 3],
        "toner": None if number % 5 == 0 else number % 100,
        "pages": number * 7 % 50,
        "compliance": None if number % 4 == 0 else number % 10 / 10,
        "coverage": None if number % 4 == 0 else 0.5,
        "worst": ("", "low", "medium", "high")[number % 4],
        "audited": None if number % 4 == 0 else NOW,
        "first_seen": NOW,
        "last_seen": NOW - timedelta(days=number % 60),
    }
    return {**values, "search": words_of(values)}


ROWS = [row(number) for number in range(1, 121)]
TAGGED = {number for number in range(1, 121) if number % 7 == 0}


@pytest.fixture(scope="module", params=KINDS)
def devices(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeviceList]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('list') / 'fleet.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    with fresh(url) as database:
        for name in SITES:
            Inventory(database).add_site(name, [], NOW)
        with database.write() as connection:
            connection.execute(insert(DEVICE), ROWS)
            connection.execute(insert(TAG), [{"device_id": n, "tag": "colour"} for n in TAGGED])
        Inventory(database).save_group("Canons", {"vendor": ["Canon"]}, "ann", NOW)
        Inventory(database).save_group("Low", {"toner_below": 10, "site": ["Branch"]}, "ann", NOW)
        yield DeviceList(database)


def meets(one: dict[str, Any], wanted: Condition) -> bool:
    """Read a condition slowly, without a database."""
    limits: list[tuple[Any, Callable[[Any], bool]]] = [
        (
            wanted.score_below,
            lambda most: one["compliance"] is not None and one["compliance"] < most,
        ),
        (wanted.toner_below, lambda most: one["toner"] is not None and one["toner"] < most),
        (wanted.unseen_days, lambda days: one["last_seen"] < NOW - timedelta(days=days)),
    ]
    lists = all(
        not (values := getattr(wanted, name)) or one[name] in values
        for name in ("state", "status", "vendor", "model", "firmware")
    )
    words = wanted.q.casefold().split()
    grouped = any(name in GROUPS and meets(one, GROUPS[name]) for name in wanted.group)
    return (
        lists
        and (not wanted.group or grouped)
        and (not wanted.site or SITES[one["site_id"] - 1] in wanted.site)
        and (not wanted.worst or (one["worst"] or "none") in wanted.worst)
        and (not wanted.tag or (one["id"] in TAGGED and "colour" in wanted.tag))
        and all(limit is None or check(limit) for limit, check in limits)
        and (not wanted.unaudited or one["audited"] is None)
        and all(word in one["search"] for word in words)
    )


GROUPS: dict[str, Condition] = {
    "Canons": Condition(vendor=("Canon",)),
    "Low": Condition(toner_below=10, site=("Branch",)),
}


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


conditions = st.builds(
    Condition,
    q=st.sampled_from(
        ["", "xtg00", "büro", "100%", "10.0.1", "al", "printer 10.0.2", '"', "%", "zz"]
    ),
    site=some(*SITES, "Nowhere"),
    state=some("new", "managed"),
    status=some("idle", "down"),
    vendor=some("Canon"),
    model=some("Model 1", "Model 2"),
    firmware=some("v1", "v2"),
    tag=some("colour", "grey"),
    worst=some("high", "none"),
    group=some("Canons", "Low", "Gone"),
    score_below=st.sampled_from([None, 0.0, 0.35, 1.0]),
    toner_below=st.sampled_from([None, 10, 50]),
    unseen_days=st.sampled_from([None, 30]),
    unaudited=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(conditions)
def test_the_list_is_what_the_condition_says(devices: DeviceList, wanted: Condition) -> None:
    expected = [one["id"] for one in ROWS if meets(one, wanted)]
    assert list(devices.ids(wanted, NOW)) == expected
    page = devices.page(wanted, NOW, size=200)
    assert sorted(one.id for one in page.rows) == expected
    assert page.total == len(expected)
    assert all(sum(counts.values()) == len(expected) for counts in page.counts.values())
    assert [one.id for one in devices.each(wanted, NOW, size=7)] == expected
    assert devices.count(wanted, NOW) == len(expected)
    assert devices.count(wanted, NOW, [2]) == page.counts["site"].get("Branch", 0)
    along = replace(devices, many=0).page(wanted, NOW, size=200)
    assert [one.id for one in along.rows] == [one.id for one in page.rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    conditions,
    st.sampled_from(SORTS),
    st.booleans(),
    st.integers(1, 9),
    st.sampled_from([None, [1], [2], [1, 2], []]),
)
def test_a_page_and_its_counts_are_those_of_the_whole_list(
    devices: DeviceList,
    wanted: Condition,
    sort: str,
    descending: bool,
    number: int,
    sites: list[int] | None,
) -> None:
    page = devices.page(
        wanted, NOW, sort=sort, descending=descending, number=number, size=17, sites=sites
    )
    met = [one for one in ROWS if meets(one, wanted) and (sites is None or one["site_id"] in sites)]
    assert page.total == len(met)
    named = [{**one, "site": SITES[one["site_id"] - 1]} for one in met]
    for name, counts in page.counts.items():
        assert counts == Counter(one[name] for one in named)
    by = "site_id" if sort == "site" else sort
    known = [one for one in met if one[by] is not None]
    unknown = [one for one in met if one[by] is None]
    known.sort(key=lambda one: (one[by], one["id"]), reverse=descending)
    unknown.sort(key=lambda one: one["id"], reverse=descending)
    start = (min(number, max((len(met) + 16) // 17, 1)) - 1) * 17
    shown = [one["id"] for one in (*known, *unknown)][start : start + 17]
    assert [one.id for one in page.rows] == shown


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_every_order_shows_every_device_once(
    devices: DeviceList, sort: str, descending: bool
) -> None:
    pages = [
        devices.page(Condition(), NOW, sort=sort, descending=descending, number=n, size=50)
        for n in (1, 2, 3)
    ]
    ids = [one.id for page in pages for one in page.rows]
    assert sorted(ids) == [one["id"] for one in ROWS]
    if sort == "toner":
        known = [one.toner for page in pages for one in page.rows if one.toner is not None]
        assert known == sorted(known, reverse=descending)
        assert [one.toner for one in pages[-1].rows][-1] is None


def test_who_may_see_one_site_sees_no_other(devices: DeviceList) -> None:
    page = devices.page(Condition(), NOW, sites=[2], size=200)
    assert {one.site for one in page.rows} == {"Branch"}
    assert page.counts["site"] == {"Branch": 60}
    assert devices.page(Condition(), NOW, sites=[]).total == 0
    assert devices.page(Condition(site=("Head office",)), NOW, sites=[2]).total == 0


def test_a_page_beyond_the_end_is_the_last_one(devices: DeviceList) -> None:
    assert len(devices.page(Condition(), NOW, number=99, size=50).rows) == 20


def test_a_condition_is_read_as_it_is_written() -> None:
    wanted = Condition(q="hall", site=("A",), toner_below=10, unaudited=True)
    assert read_condition(wanted.table()) == wanted
    assert read_condition({"site": "A", "score_below": "0.5"}).score_below == 0.5


@pytest.mark.parametrize(
    "table",
    [
        {"colour": "red"},
        {"state": "broken"},
        {"toner_below": 101},
        {"toner_below": "few"},
        {"score_below": -1},
        {"site": 5},
        {"site": ["x"] * 51},
        {"score_below": float("nan")},
    ],
)
def test_what_a_condition_cannot_mean_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        read_condition(table)
