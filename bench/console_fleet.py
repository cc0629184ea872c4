"""A fleet in the store, with 30 days of audits behind it, for `bench/console.py`."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import zstandard
from sqlalchemy import func, insert, select, text

from frisket.audit.capture import Capture, write_capture
from frisket.audit.load import Content
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity
from frisket.store.audits import ALL, COLUMNS
from frisket.store.database import Database
from frisket.store.inventory import Inventory, words_of
from frisket.store.samples import Latest, put_latest
from frisket.store.tables.audit import CHANGE, FAILING, RESULT, RULE_SCORE, SCORE
from frisket.store.tables.device import ADDRESS, DEVICE, TAG
from frisket.telemetry.flat import flatten
from frisket.telemetry.gateway.metrics import Metrics, packed
from frisket.telemetry.sample import Counter, Level, Sample, Source, State, Status, Supply

MODELS = [f"iR-ADV C{number}" for number in range(3000, 3120)]
BASELINE = "small-office"
SITES = 50
DAYS = 30


def fill(database: Database, content: Content, count: int, seed: int = 1) -> None:
    """Fill an empty store with devices, their results, what changed, and sums by day."""
    chance = random.Random(seed)
    now = datetime.now(UTC).replace(microsecond=0)
    inventory = Inventory(database)
    sites = [inventory.add_site(f"Site {n:02}", ["10.0.0.0/8"], now) for n in range(SITES)]
    for start in range(0, count, 5000):
        rows = [device(n, sites, now, chance) for n in range(start, min(start + 5000, count))]
        with database.write() as connection:
            connection.execute(insert(DEVICE), rows)
    with database.read() as connection:
        ids = list(connection.scalars(select(DEVICE.c.id).order_by(DEVICE.c.id)))
    judge(database, content, ids, now, chance)
    report(database, ids, now)
    score(database, content, sites, now, count)
    with database.engine.connect() as connection:
        # PostgreSQL does this by itself within minutes; a fleet of 30 days has long had it.
        sweep = "ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(sweep))


def device(
    number: int, sites: list[int], now: datetime, chance: random.Random
) -> dict[str, object]:
    """Return one device's row."""
    values: dict[str, object] = {
        "site_id": sites[number % len(sites)],
        "key": f"serial:canon:XTG{number:06}",
        "serial": f"XTG{number:06}",
        "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        "mac": f"{number:012x}",
        "vendor": "Canon",
        "model": chance.choice(MODELS),
        "name": f"print-{number:06}",
        "location": f"Building {number % 37}, floor {number % 9}",
        "firmware": f"v{50 + number % 20}.{number % 10}",
        "state": chance.choices(["managed", "new", "retired"], [8, 1, 1])[0],
        "status": chance.choice(["idle", "printing", "asleep", "warning", "down"]),
        "toner": chance.randint(0, 100),
        "pages": chance.randint(0, 2_000_000),
        "compliance": round(chance.betavariate(5, 2), 3),
        "coverage": round(chance.betavariate(8, 2), 3),
        "worst": chance.choice(["", "low", "medium", "high"]),
        "audited": now,
        "first_seen": now - timedelta(days=90),
        "last_seen": now - timedelta(minutes=chance.randint(0, 60_000)),
    }
    return {**values, "search": words_of(values)}


def report(database: Database, ids: list[int], now: datetime) -> None:
    """Write where every device was met, and what it reported last."""
    source = Source("printer-mib", "1.3.6.1.2.1.43")
    supplies = tuple(
        Supply(
            str(n),
            f"Canon Toner {n}",
            "toner",
            "black",
            False,
            Level(State.MEASURED, source, 40, 100),
        )
        for n in range(1, 5)
    )
    counters = tuple(
        Counter(f"total-{n}", f"Total {n}", 1000 * n, "impressions", source, 100 + n)
        for n in range(1, 21)
    )
    sample = Sample(status=Status("idle"), supplies=supplies, counters=counters)
    values = flatten(sample)
    metrics = Metrics(database)
    metrics.learn(values)
    octets = packed(metrics.numbered(values))
    at = int(now.timestamp())
    for start in range(0, len(ids), 2000):
        some = ids[start : start + 2000]
        rows = [Latest(one, 1, at, at, at, at // 86_400, 0, 1, octets) for one in some]
        met = [
            {
                "device_id": one,
                "address": f"10.9.{one >> 8 & 255}.{one & 255}",
                "first": now,
                "last": now,
            }
            for one in some
        ]
        with database.write() as connection:
            put_latest(connection, rows)
            connection.execute(insert(ADDRESS), met)


def judge(
    database: Database, content: Content, ids: list[int], now: datetime, chance: random.Random
) -> None:
    """Write every device's newest result, and three changes of each over the days."""
    names = [
        (consideration.id, rule)
        for consideration in content.baseline(BASELINE).considerations
        for need in consideration.needs
        for rule in need.rules
    ]
    findings = zstandard.compress(
        json.dumps([finding_like(consideration, rule) for consideration, rule in names]).encode()
    )
    readings = zstandard.compress(readings_like(content, now).encode())
    for start in range(0, len(ids), 2000):
        some = ids[start : start + 2000]
        results, failing, changes, tags = [], [], [], []
        for one in some:
            verdicts = {f"{c}/{r}": chance.choice(list(COLUMNS)) for c, r in names}
            results.append(
                {
                    "device_id": one,
                    "baseline": BASELINE,
                    "at": now,
                    "compliance": 0.5,
                    "coverage": 0.9,
                    "verdicts": verdicts,
                    "findings": findings,
                    "readings": readings,
                }
            )
            failing += [
                {"device_id": one, "baseline": BASELINE, "consideration": c, "rule": r}
                for c, r in names
                if verdicts[f"{c}/{r}"] in {"fail", "disputed"}
            ]
            changes += [
                {
                    "device_id": one,
                    "baseline": BASELINE,
                    "at": now - timedelta(days=day),
                    "consideration": names[0][0],
                    "rule": names[0][1],
                    "was": "pass",
                    "now": "fail",
                }
                for day in (29, 11, 3)
            ]
            tags.append({"device_id": one, "tag": f"batch {one % 20}"})
        with database.write() as connection:
            connection.execute(insert(RESULT), results)
            connection.execute(insert(FAILING), failing)
            connection.execute(insert(CHANGE), changes)
            connection.execute(insert(TAG), tags)


def finding_like(consideration: str, rule: str) -> dict[str, object]:
    """Return a finding as `fleet.results` keeps one."""
    return {
        "consideration": consideration,
        "rule": rule,
        "title": f"What {rule} asks for",
        "verdict": "fail",
        "severity": "medium",
        "because": "the network sees it on, wanted is off " * 3,
        "evidence": [
            {"key": rule, "value": True, "witness": "network", "via": "snmp", "detail": "seen"}
        ],
        "fix": {"set": {rule: False}, "menu": "A > B > C", "how": "", "breaks": ["some client"]},
        "stops": "",
        "maps": {"stig": ["V-6781"]},
        "conflicts": [],
        "alternatives": [],
    }


def readings_like(content: Content, now: datetime) -> str:
    """Return a capture in which the network saw every switch on."""
    readings = Readings(
        {
            setting.key: [Known(True, Witness.NETWORK, now, "bench")]
            for setting in content.catalog
            if setting.type.value == "boolean"
        }
    )
    return write_capture(Capture("10.0.0.1", Identity("Canon"), readings, now), content.catalog)


def score(
    database: Database, content: Content, sites: list[int], now: datetime, count: int
) -> None:
    """Write the sums of each day."""
    ids = [ALL, *(c.id for c in content.baseline(BASELINE).considerations)]
    rows = [
        {
            "site_id": site,
            "baseline": BASELINE,
            "day": (now - timedelta(days=day)).date(),
            "consideration": one,
            "devices": count // len(sites),
            **{name: count // 100 + place * 7 + day for place, name in enumerate(COLUMNS.values())},
        }
        for site in sites
        for day in range(DAYS)
        for one in ids
    ]
    with database.write() as connection:
        connection.execute(insert(SCORE), rows)
        names = ("site_id", "baseline", "consideration", "rule", "failing")
        counted = select(
            DEVICE.c.site_id,
            FAILING.c.baseline,
            FAILING.c.consideration,
            FAILING.c.rule,
            func.count(),
        )
        counted = counted.join(DEVICE, DEVICE.c.id == FAILING.c.device_id)
        grouped = counted.group_by(*counted.selected_columns[:4])
        connection.execute(insert(RULE_SCORE).from_select(list(names), grouped))
