"""Tasks in the background: there only while a setting asks for them and names a server."""

from __future__ import annotations

import pytest
from tests.lab import make_device

from frisket.mfd.service import BACKGROUND, Service
from frisket.mfd.services import pop, sntp, syslog
from frisket.model.reading import Value

WANTED: dict[str, dict[str, Value]] = {
    "sntp": {"sntp.enabled": True, "sntp.server": "127.0.0.1"},
    "pop": {"pop.enabled": True, "pop.server": "127.0.0.1", "pop.interval": 5},
    "syslog": {"syslog.enabled": True, "syslog.server": "127.0.0.1"},
}


@pytest.mark.parametrize("service", [sntp.SERVICE, pop.SERVICE, syslog.SERVICE])
def test_a_task_needs_each_of_its_settings(service: Service) -> None:
    wanted = WANTED[service.name]
    assert service.ports(make_device(settings=wanted)) == (BACKGROUND,)
    assert service.ports(make_device()) == ()
    for key in wanted:
        rest = {other: value for other, value in wanted.items() if other != key}
        assert service.ports(make_device(settings=rest)) == ()


def test_a_model_without_syslog_sends_none() -> None:
    assert syslog.SERVICE.ports(make_device("iradv-c3325")) == ()
