"""What people say of a device reaches it by each of its names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from frisket.audit.capture import Capture
from frisket.audit.load import load_content
from frisket.cli.support.options import Words
from frisket.cli.support.session import open_session
from frisket.model.finding import Verdict
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity, Target

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAIVER = """
[[waiver]]
rule = "snmp.v1-off"
scope = "{scope}"
owner = "Print team"
reason = "an old driver"
expires = 2999-01-01
"""


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        ("10.0.0.7", Verdict.WAIVED),
        ("mfp.example", Verdict.WAIVED),
        ("VMF00001", Verdict.WAIVED),
        ("10.0.0.8", Verdict.FAIL),
    ],
)
def test_a_waiver_means_a_device_by_address_name_or_serial(
    tmp_path: Path, scope: str, verdict: Verdict
) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER.format(scope=scope))
    session = open_session(load_content(), "small-office", Words(waive=(path,)))
    seen = Readings.single({"snmp.v1.enabled": Known(True, Witness.NETWORK, NOW, "snmp")})
    capture = Capture("mfp.example", Identity(serial="VMF00001"), seen, NOW)
    target = Target("10.0.0.7", name="mfp.example")
    for result in (
        session.judge(capture, "key", target),
        session.final()["mfp.example"],
    ):
        assert result.target == "mfp.example"
        assert {f.rule: f.verdict for f in result.findings}["snmp.v1-off"] is verdict


def test_an_expired_waiver_is_named(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(
        WAIVER.format(scope="*") + WAIVER.format(scope="*").replace("2999-01-01", "2025-12-31")
    )
    session = open_session(load_content(), "small-office", Words(waive=(path,)))
    assert [str(waiver.expires) for waiver in session.expired()] == ["2025-12-31"]
