"""The fleet in figures, as Prometheus reads them: by site and model, never by device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from frisket.jobs.port import FlowInfo
from frisket.report.escape import visible
from frisket.store.audits import ALL, Score
from frisket.store.figures import AGES, Figures

Scores = Mapping[str, Mapping[tuple[int, str], Score]]


class _Page(Collector):
    """Metrics that are there already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self._metrics


def page(metrics: Iterable[Metric]) -> bytes:
    """Return metrics in the text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(metrics))
    return generate_latest(registry)


def _gauge(
    name: str, about: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    found = GaugeMetricFamily(name, about, labels=labels)
    for values, number in rows:
        found.add_metric([visible(value) for value in values], number)
    return found


def fleet_metrics(figures: Figures, now: datetime) -> Iterator[Metric]:
    """Yield what is known of the devices of the asker's sites."""
    build = "The version that answers, as 1"
    yield _gauge("frisket_build_info", build, ("version",), [((version("frisket"),), 1)])
    yield _gauge(
        "frisket_devices",
        "Devices of the inventory",
        ("site", "model", "state"),
        [((row.site, row.model, row.state), row.n) for row in figures.devices()],
    )
    yield _gauge(
        "frisket_devices_by_status",
        "Devices in use by what they last said of themselves",
        ("site", "status"),
        [((row.site, row.status or "unknown"), row.n) for row in figures.statuses()],
    )
    polls = figures.polls(now)
    yield _gauge(
        "frisket_devices_polled_within",
        "Devices in use whose last poll is not older than so many seconds; +Inf: ever polled",
        ("site", "seconds"),
        [
            ((row.site, label), number)
            for row in polls
            for label, number in (
                *((str(age), getattr(row, f"within_{age}")) for age in AGES),
                ("+Inf", row.ever),
            )
        ],
    )
    yield _gauge(
        "frisket_devices_in_use",
        "Devices that are not retired",
        ("site",),
        [((row.site,), row.n) for row in polls],
    )
    yield _gauge(
        "frisket_devices_supply_low",
        "Devices in use with a supply below ten percent",
        ("site",),
        [((row.site,), row.low) for row in polls],
    )
    yield from _troubles(figures)


def _troubles(figures: Figures) -> Iterator[Metric]:
    """Yield what awaits a person, and when collectors were heard."""
    yield _gauge(
        "frisket_alarms",
        "Alarms about devices that stand",
        ("site", "kind"),
        [((row.site, row.kind), row.n) for row in figures.alarms()],
    )
    yield _gauge(
        "frisket_drifts_open",
        "Settings that drifted and await a decision",
        ("site", "cause"),
        [((row.site, row.cause), row.n) for row in figures.drifts()],
    )
    yield _gauge(
        "frisket_collector_seen_timestamp_seconds",
        "When a collector was heard last, in seconds since 1970; 0: never",
        ("collector", "site"),
        [
            ((row.name, row.site), row.seen.timestamp() if row.seen else 0)
            for row in figures.collectors()
        ],
    )


def score_metrics(scores: Scores, sites: Mapping[int, str]) -> Iterator[Metric]:
    """Yield how each site stands by each baseline; what was not judged is left out."""
    whole = [
        (baseline, sites[site], score)
        for baseline, each in scores.items()
        for (site, consideration), score in each.items()
        if consideration == ALL and site in sites
    ]
    yield _gauge(
        "frisket_compliance_ratio",
        "Passed of judged, by the newest audit of each device",
        ("baseline", "site"),
        [((b, site), s.compliance) for b, site, s in whole if s.compliance is not None],
    )
    yield _gauge(
        "frisket_coverage_ratio",
        "Judged of applicable, by the newest audit of each device",
        ("baseline", "site"),
        [((b, site), s.coverage) for b, site, s in whole if s.coverage is not None],
    )


def work_metrics(jobs: Iterable[FlowInfo], figures: Figures) -> Iterator[Metric]:
    """Yield how the newest work stands, and what became of actions on devices."""
    counts = Counter((one.flow, one.state.value) for one in jobs)
    yield _gauge(
        "frisket_jobs",
        "The newest jobs by kind and state",
        ("kind", "state"),
        [(pair, number) for pair, number in sorted(counts.items())],
    )
    yield _gauge(
        "frisket_device_actions",
        "Actions on devices by how they stand",
        ("state",),
        [((row.state,), row.n) for row in figures.actions()],
    )
    entries = CounterMetricFamily("frisket_audit_log_entries", "Entries of the audit log")
    entries.add_metric([], figures.log_entries())
    yield entries
