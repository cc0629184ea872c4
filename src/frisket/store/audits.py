"""Audit results as they are kept: the newest of each device, what changed, and sums by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select

from frisket.model.finding import Verdict
from frisket.store.database import Database
from frisket.store.standing import restate
from frisket.store.tables.audit import CHANGE, FAILING, RESULT, RULE_SCORE, SCORE
from frisket.store.tables.device import DEVICE, SITE

ALL: Final = ""  # the consideration that stands for all of them
COLUMNS: Final[Mapping[str, str]] = {
    Verdict.PASS.value: "passed",
    Verdict.FAIL.value: "failed",
    Verdict.DISPUTED.value: "disputed",
    Verdict.UNKNOWN.value: "unknown",
    Verdict.MANUAL.value: "manual",
    Verdict.NOT_APPLICABLE.value: "not_applicable",
    Verdict.WAIVED.value: "waived",
}
_AT_ONCE: Final = 100  # devices in one transaction: with SQLite every other writer waits for it


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One device's result, ready to be kept.

    `verdicts` maps `consideration/rule` to the verdict and `because` to the reason; `findings` and
    `readings` are compressed documents; `worst` is the highest severity that fails.
    """

    device_id: int
    baseline: str
    at: datetime
    compliance: float | None
    coverage: float | None
    worst: str
    verdicts: Mapping[str, str]
    because: Mapping[str, str]
    findings: bytes
    readings: bytes


@dataclass(frozen=True, slots=True)
class Score:
    """Verdicts of some devices, summed."""

    devices: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Score) -> Score:
        together = Counter(self.verdicts)
        together.update(other.verdicts)
        return Score(self.devices + other.devices, dict(together))

    @property
    def compliance(self) -> float | None:
        """Return passed of judged, None where nothing could be judged."""
        judged = sum(self.verdicts.get(one, 0) for one in ("passed", "failed", "disputed"))
        return self.verdicts.get("passed", 0) / judged if judged else None

    @property
    def coverage(self) -> float | None:
        """Return judged (waived included) of applicable, None where nothing applies."""
        applicable = sum(n for name, n in self.verdicts.items() if name != "not_applicable")
        open_ = self.verdicts.get("unknown", 0) + self.verdicts.get("manual", 0)
        return (applicable - open_) / applicable if applicable else None


@dataclass(frozen=True, slots=True)
class Audits:
    """The repository of audit results."""

    database: Database

    def keep(self, records: Sequence[AuditRecord]) -> int:
        """Keep results, each replacing its device's last; return how many verdicts changed.

        A result older than the one that is kept is left out, and so is one of a device that was
        retired meanwhile. Raises `StoreFault`.
        """
        asked = select(DEVICE.c.id, DEVICE.c.site_id)
        asked = asked.where(DEVICE.c.id.in_([record.device_id for record in records]))
        with self.database.read() as connection:
            places = {row.id: row.site_id for row in connection.execute(asked)}
        # By site, so that a transaction adds to the sums of one or two.
        ordered = sorted(records, key=lambda one: (places.get(one.device_id, 0), one.device_id))
        changed = 0
        for start in range(0, len(ordered), _AT_ONCE):
            with self.database.write() as connection:
                changed += self._some(connection, ordered[start : start + _AT_ONCE])
        return changed

    def _some(self, connection: Connection, records: Sequence[AuditRecord]) -> int:
        ids = [record.device_id for record in records]
        asked = select(DEVICE.c.id, DEVICE.c.site_id).where(
            DEVICE.c.id.in_(ids), DEVICE.c.state != "retired"
        )
        sites = {row.id: row.site_id for row in connection.execute(asked)}
        # Sums are read and written anew: two workers that audit a site take turns.
        turns = select(SITE.c.id).where(SITE.c.id.in_(set(sites.values()))).order_by(SITE.c.id)
        connection.execute(turns.with_for_update(key_share=True)).all()
        kept = select(RESULT.c.device_id, RESULT.c.baseline, RESULT.c.at, RESULT.c.verdicts)
        rows = connection.execute(kept.where(RESULT.c.device_id.in_(ids)))
        before = {(row.device_id, row.baseline): row for row in rows}
        fresh = [
            record
            for record in records
            if record.device_id in sites
            and (
                (last := before.get((record.device_id, record.baseline))) is None
                or last.at <= record.at
            )
        ]
        changes: list[dict[str, Any]] = []
        moves: dict[tuple[int, str, date], dict[str, Counter[str]]] = {}
        for record in fresh:
            last = before.get((record.device_id, record.baseline))
            old: Mapping[str, str] = last.verdicts if last is not None else {}
            changes += _changes(record, old) if last is not None else []
            place = (sites[record.device_id], record.baseline, record.at.date())
            _move(moves.setdefault(place, {}), old, record.verdicts, new=last is None)
        self._write(connection, fresh)
        self._refail(connection, fresh, before, sites)
        if changes:
            connection.execute(insert(CHANGE), changes)
        for (site_id, baseline, day), moved in sorted(moves.items()):
            asked = (
                select(SCORE.c.day)
                .distinct()
                .where(SCORE.c.site_id == site_id, SCORE.c.baseline == baseline, SCORE.c.day > day)
            )
            # Results of before midnight may come in after the first ones of after it.
            for one in (day, *connection.scalars(asked)):
                self.add_to_day(connection, site_id, baseline, one, moved)
        return len(changes)

    def _write(self, connection: Connection, records: Sequence[AuditRecord]) -> None:
        if not records:
            return
        names = ("at", "compliance", "coverage", "worst", "verdicts", "findings", "readings")
        row = self.database.insert(RESULT)
        replaced = {name: row.excluded[name] for name in names}
        connection.execute(
            row.on_conflict_do_update(index_elements=["device_id", "baseline"], set_=replaced),
            [
                {
                    "device_id": record.device_id,
                    "baseline": record.baseline,
                    **{name: getattr(record, name) for name in names},
                }
                for record in records
            ],
        )
        restate(connection, [record.device_id for record in records])

    def _refail(
        self,
        connection: Connection,
        records: Sequence[AuditRecord],
        before: Mapping[tuple[int, str], Any],
        sites: Mapping[int, int],
    ) -> None:
        """Keep the list of what fails, and how many fail it, in step: only changes are written."""
        gone: list[tuple[int, str, str, str]] = []
        new: list[tuple[int, str, str, str]] = []
        moved: Counter[tuple[int, str, str, str]] = Counter()
        for record in records:
            last = before.get((record.device_id, record.baseline))
            was = _bad(last.verdicts) if last is not None else frozenset()
            now = _bad(record.verdicts)
            for names, rows, step in ((was - now, gone, -1), (now - was, new, 1)):
                for name in sorted(names):
                    consideration, _, rule = name.partition("/")
                    rows.append((record.device_id, record.baseline, consideration, rule))
                    moved[sites[record.device_id], record.baseline, consideration, rule] += step
        if gone:
            each = [column == bindparam(f"old_{column.name}") for column in _FAILING]
            old = [{f"old_{c.name}": v for c, v in zip(_FAILING, row, strict=True)} for row in gone]
            connection.execute(delete(FAILING).where(*each), old)
        if new:
            named = [{c.name: v for c, v in zip(_FAILING, row, strict=True)} for row in new]
            connection.execute(insert(FAILING), named)
        keys = ("site_id", "baseline", "consideration", "rule")
        steps = [
            {**dict(zip(keys, key, strict=True)), "failing": step}
            for key, step in sorted(moved.items())
            if step
        ]
        if steps:
            row = self.database.insert(RULE_SCORE)
            total = RULE_SCORE.c.failing + row.excluded.failing
            row = row.on_conflict_do_update(index_elements=list(keys), set_={"failing": total})
            connection.execute(row, steps)

    def add_to_day(
        self,
        connection: Connection,
        site_id: int,
        baseline: str,
        day: date,
        moved: Mapping[str, Counter[str]],
    ) -> None:
        """Add to a day's sums; a day that has none yet begins with those of the day before it."""
        here = (SCORE.c.site_id == site_id, SCORE.c.baseline == baseline)
        last = connection.scalar(select(func.max(SCORE.c.day)).where(*here, SCORE.c.day <= day))
        now = {
            row.consideration: Counter({name: getattr(row, name) for name in _SUMS})
            for row in connection.execute(select(SCORE).where(*here, SCORE.c.day == last))
        }
        for consideration, counts in moved.items():
            now.setdefault(consideration, Counter()).update(counts)
        row = self.database.insert(SCORE)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["site_id", "baseline", "day", "consideration"],
                set_={name: row.excluded[name] for name in _SUMS},
            ),
            [
                {
                    "site_id": site_id,
                    "baseline": baseline,
                    "day": day,
                    "consideration": consideration,
                    **{name: counts[name] for name in _SUMS},
                }
                for consideration, counts in now.items()
            ],
        )

    def results(self, device_id: int) -> Sequence[Any]:
        """Return a device's newest result for each baseline."""
        asked = select(RESULT).where(RESULT.c.device_id == device_id).order_by(RESULT.c.baseline)
        with self.database.read() as connection:
            return connection.execute(asked).all()

    def history(self, device_id: int, limit: int = 200) -> Sequence[Any]:
        """Return a device's changed verdicts, the newest first."""
        asked = select(CHANGE).where(CHANGE.c.device_id == device_id).order_by(CHANGE.c.id.desc())
        with self.database.read() as connection:
            return connection.execute(asked.limit(limit)).all()

    def baselines(self) -> Sequence[str]:
        """Return the baselines that any device was judged by."""
        asked = select(SCORE.c.baseline).distinct().order_by(SCORE.c.baseline)
        with self.database.read() as connection:
            return list(connection.scalars(asked))

    def by_day(
        self, baseline: str, since: date, sites: Sequence[int] | None = None
    ) -> dict[date, Score]:
        """Return the sums of each day since; a site not audited that day counts as it last was."""
        asked = _scores(baseline, sites).where(SCORE.c.consideration == ALL)
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(SCORE.c.day)).all()
        found: dict[date, Score] = {}
        latest: dict[int, Any] = {}
        total: Counter[str] = Counter()
        for row in rows:
            # Summed as it goes: a fleet of 50 sites has 1,500 of these rows in a month.
            before = latest.get(row.site_id)
            for name in _SUMS:
                total[name] += getattr(row, name) - (getattr(before, name) if before else 0)
            latest[row.site_id] = row
            if row.day >= since:
                found[row.day] = Score(total["devices"], {n: total[n] for n in COLUMNS.values()})
        return found

    def by_consideration(
        self, baseline: str, sites: Sequence[int] | None = None
    ) -> dict[tuple[int, str], Score]:
        """Return the newest sums of each site and consideration: the heat map."""
        newest = (
            select(SCORE.c.site_id, func.max(SCORE.c.day).label("day"))
            .where(SCORE.c.baseline == baseline)
            .group_by(SCORE.c.site_id)
            .subquery()
        )
        same = (SCORE.c.site_id == newest.c.site_id) & (SCORE.c.day == newest.c.day)
        asked = _scores(baseline, sites).join(newest, same)
        with self.database.read() as connection:
            rows = connection.execute(asked)
            return {(row.site_id, row.consideration): _summed(row) for row in rows}

    def failing(
        self, baseline: str, sites: Sequence[int] | None = None
    ) -> Sequence[tuple[str, str, int]]:
        """Return consideration, rule and how many devices fail it, the most first."""
        count = func.sum(RULE_SCORE.c.failing).label("n")
        asked = select(RULE_SCORE.c.consideration, RULE_SCORE.c.rule, count)
        asked = asked.where(RULE_SCORE.c.baseline == baseline, RULE_SCORE.c.failing > 0)
        if sites is not None:
            asked = asked.where(RULE_SCORE.c.site_id.in_(list(sites)))
        asked = asked.group_by(RULE_SCORE.c.consideration, RULE_SCORE.c.rule).order_by(
            count.desc(), RULE_SCORE.c.consideration, RULE_SCORE.c.rule
        )
        with self.database.read() as connection:
            rows = connection.execute(asked)
            return [(row.consideration, row.rule, int(row.n)) for row in rows]

    def failing_devices(
        self,
        baseline: str,
        consideration: str,
        sites: Sequence[int] | None = None,
        limit: int = 200,
    ) -> Sequence[Any]:
        """Return the devices that fail a consideration, with the rules they fail."""
        asked = (
            select(DEVICE, SITE.c.name.label("site"), FAILING.c.rule)
            .join(FAILING, FAILING.c.device_id == DEVICE.c.id)
            .join(SITE, SITE.c.id == DEVICE.c.site_id)
            .where(FAILING.c.baseline == baseline, FAILING.c.consideration == consideration)
        )
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        asked = asked.order_by(DEVICE.c.compliance, DEVICE.c.id, FAILING.c.rule).limit(limit)
        with self.database.read() as connection:
            return connection.execute(asked).all()


_SUMS: Final = ("devices", *COLUMNS.values())


_FAILING: Final = (
    FAILING.c.device_id,
    FAILING.c.baseline,
    FAILING.c.consideration,
    FAILING.c.rule,
)


def _bad(verdicts: Mapping[str, str]) -> frozenset[str]:
    return frozenset(n for n, v in verdicts.items() if v in {Verdict.FAIL, Verdict.DISPUTED})


def _scores(baseline: str, sites: Sequence[int] | None) -> Select[Any]:
    asked = select(SCORE).where(SCORE.c.baseline == baseline)
    return asked if sites is None else asked.where(SCORE.c.site_id.in_(list(sites)))


def _summed(row: Any) -> Score:
    return Score(row.devices, {name: getattr(row, name) for name in COLUMNS.values()})


def _changes(record: AuditRecord, old: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for name in sorted({*old, *record.verdicts}):
        was, now = old.get(name, ""), record.verdicts.get(name, "")
        if was != now:
            consideration, _, rule = name.partition("/")
            yield {
                "device_id": record.device_id,
                "baseline": record.baseline,
                "at": record.at,
                "consideration": consideration,
                "rule": rule,
                "was": was,
                "now": now,
                "because": record.because.get(name, "")[:2000],
            }


def _move(
    sums: dict[str, Counter[str]], old: Mapping[str, str], now: Mapping[str, str], *, new: bool
) -> None:
    """Take a device's old verdicts out of its site's sums and put the new ones in."""
    for verdicts, step in ((old, -1), (now, 1)):
        for name, verdict in verdicts.items():
            column = COLUMNS[verdict]
            for consideration in (name.partition("/")[0], ALL):
                sums.setdefault(consideration, Counter())[column] += step
    for consideration in {name.partition("/")[0] for name in now} | {ALL}:
        sums.setdefault(consideration, Counter())["devices"] += 1 if new else 0
