"""How many processes a lab takes: as many as its sockets need, one for a thousand devices."""

from __future__ import annotations

import resource

import pytest
from tests.lab import make_device

from frisket.audit.load import load_content
from frisket.cli.lab import _SOCKETS, _shards
from frisket.mfd.fleet import STATES, plan_fleet
from frisket.mfd.service import BACKGROUND, find_services


def sockets_of(personality: str, settings: dict[str, object]) -> int:
    device = make_device(personality, settings)  # type: ignore[arg-type]
    return sum(port != BACKGROUND for service in find_services() for port in service.ports(device))


@pytest.mark.parametrize("state", STATES)
def test_what_a_device_is_reckoned_with_is_what_it_opens(state: str) -> None:
    plans = plan_fleet(20, state, 1, load_content())
    opened = [sockets_of(plan.personality.name, dict(plan.settings)) for plan in plans]
    mean = sum(opened) / len(opened)
    # Room for visitors beside what listens, and not so much that a second process starts early.
    assert mean + 1 <= _SOCKETS <= mean + 8


@pytest.mark.parametrize(
    ("files", "devices", "processes"),
    [(20_000, 1000, 1), (20_000, 3000, 3), (1024, 8, 1), (1024, 100, 3), (256, 8, 4)],
)
def test_devices_are_spread_over_processes(
    files: int, devices: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert _shards(devices) == processes
