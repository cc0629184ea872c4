"""What a device shows to the network: services that are on first, and when its certificate ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.catalog.load import load_catalog
from frisket.fleet.outside import certificate, services
from frisket.model.reading import Known, Readings, Unread, Value, Why, Witness

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATALOG = load_catalog()


def net(value: Value, detail: str = "seen") -> Known:
    return Known(value, Witness.NETWORK, NOON, "probe", detail)


def test_only_the_network_says_what_is_on() -> None:
    readings = Readings(
        {
            "lpd.enabled": (net(False),),
            "raw.enabled": (net(True, "port 9100/tcp accepts connections"), net(False), net(True)),
            "ipp.enabled": (Known(True, Witness.DEVICE, NOON, "snmp-v3", ""),),
            "ftp.print.enabled": (Unread(Why.SILENT, "ftp", ""),),
            "tls.versions": (net(("TLSv1.2",)),),
        }
    )
    found = services(readings, CATALOG)
    assert [(one.key, one.on) for one in found] == [("raw.enabled", True), ("lpd.enabled", False)]
    assert found[0].seen == "port 9100/tcp accepts connections; seen"


@pytest.mark.parametrize(
    ("left", "later", "state"),
    [(400, 0, "valid"), (40, 15, "soon"), (3, 10, "expired"), (-2, 0, "expired"), (30, 0, "valid")],
)
def test_a_certificate_grows_old_after_the_audit_too(left: int, later: int, state: str) -> None:
    readings = Readings({"certificate.days-left": (net(left),)})
    found = certificate(readings, NOON + timedelta(days=later))
    assert found is not None
    assert (found.state, found.days) == (state, left - later)
    assert certificate(Readings(), NOON) is None


@given(st.booleans() | st.integers() | st.text() | st.tuples(st.text(), st.text()))
def test_whatever_is_kept_is_said_in_words(value: Value) -> None:
    kept = {"certificate.days-left": (net(5),), "certificate.weak-key": (net(value),)}
    found = certificate(Readings(kept), NOON)
    assert found is not None
    [(_, text, seen)] = found.facts
    assert text
    assert seen == "seen"
