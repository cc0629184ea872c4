"""What of a poll is told: all at first and daily, differences else, and not a word too many."""

from __future__ import annotations

from dataclasses import replace

from frisket.model.target import Identity
from frisket.telemetry.batch import Kind
from frisket.telemetry.collector.change import FULL, SEEN, Changes, News
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.flat import unflatten
from frisket.telemetry.sample import Alert, Counter, Sample, Source, Status

SOURCE = Source("t", "1.2.3")


def sample(total: int, *alerts: Alert, display: str = "") -> Sample:
    shown = (display,) if display else ()
    return Sample(
        identity=Identity(serial="S1", model="M"),
        printer="it counts",
        status=Status(display=shown),
        counters=(Counter("total", "Total", total, "impressions", SOURCE, 102),),
        alerts=alerts,
    )


def jam(text: str = "jam") -> Alert:
    return Alert("1", "critical", "media path", 1, 8, text, SOURCE)


class Teller:
    """What is told of one device, as the gateway adds it up."""

    def __init__(self) -> None:
        self.changes = Changes(leaving)
        self.values: dict[str, object] = {}

    def tell(self, of: Sample, now: float, address: str = "10.0.0.1") -> News | None:
        news = self.changes.news("S1", address, of, now)
        if news is None:
            return None
        self.changes.kept(news, address, of, now)
        if news.kind is Kind.FULL:
            self.values = {}
        self.values.update(news.values)
        self.values = {name: value for name, value in self.values.items() if value is not None}
        return news


def test_all_at_first_then_only_what_differs() -> None:
    teller = Teller()
    first = sample(10)
    news = teller.tell(first, 0)
    assert news
    assert news.kind is Kind.FULL
    assert news.values["address"] == "10.0.0.1"
    assert teller.tell(first, 60) is None
    assert teller.tell(sample(10), 60) is None, "another object, the same content"
    news = teller.tell(sample(11), 120)
    assert news == News("S1", Kind.CHANGE, {"counter.total": 11})


def test_what_is_gone_is_told_as_gone_and_alerts_are_urgent() -> None:
    teller = Teller()
    teller.tell(sample(1), 0)
    came = teller.tell(sample(1, jam()), 10)
    assert came
    assert came.urgent
    gone = teller.tell(sample(1), 20)
    assert gone
    assert gone.values == {"alert.1": None}
    assert gone.urgent
    moved = teller.tell(sample(1), 30, address="10.0.0.2")
    assert moved == News("S1", Kind.CHANGE, {"address": "10.0.0.2"})


def test_a_record_that_found_no_room_is_made_up_for() -> None:
    changes = Changes(leaving)
    first = sample(1)
    news = changes.news("S1", "a", first, 0)
    assert news
    changes.kept(news, "a", first, 0)
    assert changes.news("S1", "a", sample(2), 1)  # and is not kept
    later = changes.news("S1", "a", sample(2), 2)
    assert later
    assert later.values == {"counter.total": 2}


def test_a_device_is_seen_every_quarter_of_an_hour_and_told_whole_every_day() -> None:
    teller = Teller()
    same = sample(5)
    kinds = [
        news.kind for now in range(0, int(2 * FULL) + 1, 300) if (news := teller.tell(same, now))
    ]
    assert kinds.count(Kind.FULL) == 3
    assert kinds.count(Kind.SEEN) == int(2 * FULL / SEEN) - 2
    assert Kind.CHANGE not in kinds


def test_the_gateway_may_ask_for_all_anew() -> None:
    teller = Teller()
    teller.tell(sample(1), 0)
    teller.changes.forget(["S1", "unknown"])
    news = teller.tell(sample(1), 1)
    assert news
    assert news.kind is Kind.FULL
    teller.changes.forget_all()
    assert teller.tell(sample(1), 2)


def test_adding_up_what_was_told_gives_the_sample_but_for_what_stays() -> None:
    teller = Teller()
    last = sample(0)
    for step in range(50):
        alerts = (jam(f"page of secret-{step}.pdf"),) if step % 3 == 0 else ()
        last = sample(step, *alerts, display=f"Printing secret-{step}.pdf")
        teller.tell(last, step * 60.0)
    expected = replace(
        last, status=Status(), alerts=tuple(replace(a, text="") for a in last.alerts)
    )
    assert unflatten(teller.values) == expected  # type: ignore[arg-type]
    assert "secret" not in str(teller.values)
