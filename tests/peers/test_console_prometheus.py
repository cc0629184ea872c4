"""A real Prometheus finds the devices at the console, and scrapes the console and, by it, them."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from tests.api import device, over_http, token
from tests.lab import running_device
from tests.peers.serving import serving
from tests.peers.snmpd import free_port
from tests.web import Web, web_console

from frisket.fleet.logins import set_login
from frisket.fleet.roles import Grant, Permission, Role
from frisket.model.reading import Value
from frisket.store.logins import StoredLogins
from frisket.store.tables.device import DEVICE, SITE

SCOPES = [Permission.SEE_FLEET, Permission.RUN_AUDIT]
EVIL = 'x"} 1\nevil 1\n\u202e'


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with web_console(tmp_path / "data") as found:
        yield found


def put(web: Web, site: int, row: int, values: dict[str, Any]) -> None:
    with web.console.services.database.write() as connection:
        connection.execute(update(SITE).where(SITE.c.id == site).values(scope=["127.0.0.0/8"]))
        connection.execute(update(DEVICE).where(DEVICE.c.id == row).values(values))


def judged(text: str) -> str:
    """Return what promtool finds wrong with a page of metrics."""
    run = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr if run.returncode else ""


@pytest.mark.peer("promtool")
def test_promtool_finds_nothing_wrong_with_the_fleet_in_figures(web: Web) -> None:
    site = web.site(EVIL)
    put(
        web,
        site,
        device(web, site, "127.0.0.9", serial="S1"),
        {"model": EVIL, "polled": web.clock()},
    )
    client = web.nobody()
    assert client.get("/metrics").status_code == 401
    client.headers |= token(web, "prom", [Role.OPERATOR], SCOPES)
    page = client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "frisket_devices_polled_within" in page.text
    assert not judged(page.text)
    assert "S1" not in page.text
    assert "\nevil" not in page.text


def test_figures_are_of_the_own_sites(web: Web) -> None:
    here, there = web.site("here"), web.site("there")
    for site in (here, there):
        put(web, site, device(web, site, "127.0.0.9", serial=f"S{site}"), {"state": "managed"})
    client = web.nobody()
    client.headers |= token(web, "one", [Grant(Role.OPERATOR, here)], SCOPES)
    page = client.get("/metrics").text
    assert 'frisket_devices{model="",site="here",state="managed"} 1.0' in page
    assert "there" not in page


async def test_only_what_is_in_the_inventory_and_in_scope_is_probed(web: Web) -> None:
    async with running_device(services=("snmp",)) as (virtual, _):
        before = dict(virtual.journal.counts)
        bearer = token(web, "prom", [Role.OPERATOR], SCOPES)
        with over_http(web) as url:
            async with httpx.AsyncClient(base_url=url, headers=bearer, timeout=30) as client:
                asked = {"target": virtual.address}

                async def probe() -> httpx.Response:
                    return await client.get("/probe", params=asked)

                site = web.site("here")
                assert (await probe()).status_code == 404
                one = device(web, site, virtual.address, serial="S1")
                assert (await probe()).status_code == 404  # the site has no scope
                put(web, site, one, {"state": "retired"})
                assert (await probe()).status_code == 404
                assert dict(virtual.journal.counts) == before
                ports = {"161": virtual.port(161)}
                put(web, site, one, {"state": "managed", "ports": ports})
                answers = await asyncio.gather(probe(), probe())
        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].text == answers[1].text
        assert "frisket_meter_total" in answers[0].text, answers[0].text
        assert not judged(answers[0].text)


async def test_a_device_is_probed_with_the_login_that_it_has(web: Web) -> None:
    """One that does not answer to `public`: without its login it would say nothing."""
    own: dict[str, Value] = {
        "snmp.v1.enabled": True,
        "snmp.community1.enabled": True,
        "snmp.community1.name": "our-own",
        "snmp.community1.access": "read-only",
    }
    async with running_device(settings=own, services=("snmp",), counters={101: 4711}) as (one, _):
        site = web.site("here")
        known = device(web, site, one.address, serial="S1")
        put(web, site, known, {"state": "managed", "ports": {"161": one.port(161)}})
        services = web.console.services
        bearer = token(web, "prom", [Role.OPERATOR], SCOPES)
        other = token(web, "out", [Grant(Role.OPERATOR, web.site("there"))], SCOPES)
        asked = {"target": one.address}
        with over_http(web) as url:
            async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                stored = StoredLogins(services.database)
                set_login(stored, f"site:{site}", {"community": "our-own"}, "ann", web.clock())
                after = await client.get("/probe", params=asked, headers=bearer)
                # Whose token reaches other sites only learns nothing, login or not.
                outside = await client.get("/probe", params=asked, headers=other)
    assert "frisket_meter_total" in after.text, after.text
    assert "our-own" not in after.text
    assert outside.status_code == 404


CONFIG = """
global: {{scrape_interval: 4s, scrape_timeout: 4s}}
scrape_configs:
- job_name: frisket
  authorization: {{type: Bearer, credentials_file: {secret}}}
  static_configs: [{{targets: ['{host}']}}]
- job_name: printers
  metrics_path: /probe
  authorization: {{type: Bearer, credentials_file: {secret}}}
  http_sd_configs:
  - url: http://{host}/api/v1/http_sd?state=managed
    refresh_interval: 2s
    authorization: {{type: Bearer, credentials_file: {secret}}}
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__meta_frisket_site], target_label: site}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: '{host}'}}
"""


@pytest.mark.peer("prometheus")
async def test_prometheus_discovers_and_scrapes(web: Web, tmp_path: Path) -> None:
    async with running_device(services=("snmp",), counters={101: 4711}) as (virtual, _):
        site = web.site("here")
        one = device(web, site, virtual.address, serial="S1")
        put(web, site, one, {"state": "managed", "ports": {"161": virtual.port(161)}})
        bearer = token(web, "prom", [Role.OPERATOR], SCOPES)["authorization"]
        secret = tmp_path / "token"
        secret.write_text(bearer.removeprefix("Bearer "), encoding="ascii")
        await asyncio.to_thread(_scraped, web, tmp_path, secret)


def _scraped(web: Web, folder: Path, secret: Path) -> None:
    port = free_port()
    config = folder / "prometheus.yml"
    with over_http(web) as url:
        host = url.removeprefix("http://")
        config.write_text(CONFIG.format(secret=secret, host=host), encoding="utf-8")
        checked = subprocess.run(
            ["promtool", "check", "config", config], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        command = [
            *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"),
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with serving(command, port, folder=folder):
            meter = answered(port, 'frisket_meter_total{job="printers",number="101"}')
            assert meter["value"][1] == "4711"
            assert meter["metric"]["site"] == "here"
            fleet = answered(port, 'frisket_devices_in_use{site="here"}')
            assert fleet["value"][1] == "1"
            assert answered(port, 'up{job="frisket"} == 1')


def answered(port: int, query: str) -> dict[str, Any]:
    """Return the first row that a query gives once it gives one."""
    url = f"http://127.0.0.1:{port}/api/v1/query"
    with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as client:
        for _ in range(900):
            answer = client.get(url, params={"query": query})
            rows = answer.json()["data"]["result"] if answer.status_code == 200 else []
            if rows:
                found: dict[str, Any] = rows[0]
                return found
            time.sleep(0.05)  # it tells nobody when it has scraped
    with httpx.Client() as client:
        told = client.get(url.replace("query", "targets")).text
    raise AssertionError(f"{query} gives nothing; its targets: {told}")
