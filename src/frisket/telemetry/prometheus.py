"""Samples as Prometheus reads them (text exposition format 0.0.4). Pure.

Texts must have been made safe to show; here they are only quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from frisket.telemetry.poll import Polled
from frisket.telemetry.sample import Level, Sample

Labels = Mapping[str, str]


@dataclass(slots=True)
class _Metric:
    kind: str
    help: str
    rows: list[str] = field(default_factory=list)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class _Page:
    """Metrics by name, in the order they are first met; each name's rows together."""

    def __init__(self) -> None:
        self._metrics: dict[str, _Metric] = {
            "frisket_device_up": _Metric(
                "gauge", "Whether the last poll of the device gave values"
            ),
            "frisket_device_info": _Metric("gauge", "Who the device says it is"),
            "frisket_device_status": _Metric("gauge", "The state of the printer (RFC 2790), as 1"),
            "frisket_device_problem": _Metric("gauge", "What the device says is wrong, as 1"),
            "frisket_device_alerts": _Metric("gauge", "Rows of the alert table by severity"),
            "frisket_supply_level_ratio": _Metric(
                "gauge", "How much of a supply is left; of a waste box, how much room"
            ),
            "frisket_supply_state": _Metric("gauge", "What is known of a supply's level, as 1"),
            "frisket_tray_level_ratio": _Metric("gauge", "How full a tray is"),
            "frisket_tray_state": _Metric("gauge", "What is known of a tray's level, as 1"),
            "frisket_meter_total": _Metric("counter", "What the device has counted, in unit"),
        }

    def add(self, name: str, labels: Labels, value: float = 1) -> None:
        """Add one row; empty labels are left out, as Prometheus holds them for missing."""
        pairs = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels.items() if text)
        self._metrics[name].rows.append(f"{name}{{{pairs}}} {value:g}")

    def count(self, name: str, labels: Labels, value: int) -> None:
        """Add one row with every digit of a count."""
        pairs = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels.items() if text)
        self._metrics[name].rows.append(f"{name}{{{pairs}}} {value}")

    def text(self) -> str:
        """Return the page."""
        lines: list[str] = []
        for name, metric in self._metrics.items():
            if metric.rows:
                lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
                lines += metric.rows
        return "\n".join(lines) + "\n"


def render(polled: Iterable[Polled]) -> str:
    """Return one page with the samples of all devices."""
    page = _Page()
    for one in polled:
        page.add("frisket_device_up", {"target": one.target}, 1 if one.sample else 0)
        if one.sample:
            _device(page, one.target, one.sample)
    return page.text()


def _device(page: _Page, target: str, sample: Sample) -> None:
    who, at = sample.identity, {"target": target}
    named = ("vendor", "model", "serial", "firmware", "name", "location")
    page.add("frisket_device_info", at | {name: getattr(who, name) for name in named})
    if sample.status.printer:
        page.add("frisket_device_status", at | {"status": sample.status.printer})
    for problem in sample.status.problems:
        page.add("frisket_device_problem", at | {"problem": problem})
    severities = [alert.severity or "other" for alert in sample.alerts]
    for severity in sorted(set(severities)):
        labels = at | {"severity": severity}
        page.add("frisket_device_alerts", labels, severities.count(severity))
    for supply in sample.supplies:
        labels = {"supply": supply.name, "kind": supply.kind, "color": supply.color}
        _level(page, "supply", at | {"index": supply.index} | labels, supply.level)
    for tray in sample.trays:
        _level(page, "tray", at | {"index": tray.index, "tray": tray.name}, tray.level)
    for counter in sample.counters:
        number = "" if counter.number is None else str(counter.number)
        labels = {"counter": counter.name, "number": number, "unit": counter.unit}
        page.count("frisket_meter_total", at | labels, counter.value)


def _level(page: _Page, what: str, labels: Labels, level: Level) -> None:
    page.add(f"frisket_{what}_state", {**labels, "state": level.state.value})
    if level.amount is not None and level.capacity and level.percent is not None:
        page.add(f"frisket_{what}_level_ratio", labels, level.amount / level.capacity)
