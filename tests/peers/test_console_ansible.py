"""Debian's ansible-inventory reads the fleet through our plugin."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api import device, over_http, token
from tests.web import Web, web_console

from frisket.fleet.roles import Permission, Role

COLLECTIONS = Path(__file__).resolve().parents[2] / "contrib" / "ansible"
PRINTERS = """
plugin: frisket.fleet.frisket
url: {url}
filters: {{model: [A, B]}}
strict: true
keyed_groups: [{{key: frisket_site, prefix: site}}]
groups: {{unaudited: frisket_audited is none}}
compose: {{ansible_host: frisket_address}}
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: {folder}/cache
"""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with web_console(tmp_path / "data") as found:
        yield found


def inventory(folder: Path, url: str, bearer: str) -> subprocess.CompletedProcess[str]:
    """Run ansible-inventory on the fleet of a console."""
    source = folder / "printers.frisket.yml"
    source.write_text(PRINTERS.format(url=url, folder=folder), encoding="utf-8")
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        "FRISKET_TOKEN": bearer.removeprefix("Bearer "),
    }
    return subprocess.run(
        ["ansible-inventory", "-i", source, "--list"],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings,
        timeout=60,
    )


@pytest.mark.peer("ansible-inventory")
def test_ansible_has_the_fleet_as_hosts_and_groups(web: Web, tmp_path: Path) -> None:
    site = web.site("Head office")
    device(web, site, "10.0.0.1", serial="S1", vendor="Canon", model="A", name="{{ 7*7 }}")
    device(web, site, "10.0.0.2", serial="S2", vendor="Canon", model="B")
    device(web, site, "10.0.0.3", serial="S3", vendor="Canon", model="C")
    bearer = token(web, "ansible", [Role.READ_ONLY], [Permission.SEE_FLEET])["authorization"]
    with over_http(web) as url:
        run = inventory(tmp_path, url, bearer)
        refused = inventory(tmp_path / "data", url, "Bearer frk_no")
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    hosts = found["_meta"]["hostvars"]
    assert set(hosts) == {"serial:canon:S1", "serial:canon:S2"}
    assert hosts["serial:canon:S1"]["ansible_host"] == {"__ansible_unsafe": "10.0.0.1"}
    # What a device calls itself is marked as no template.
    assert hosts["serial:canon:S1"]["frisket_name"] == {"__ansible_unsafe": "{{ 7*7 }}"}
    assert set(found["site_Head_office"]["hosts"]) == set(hosts)
    assert set(found["unaudited"]["hosts"]) == set(hosts)
    assert refused.returncode != 0
    assert "401" in refused.stderr
    # The console is gone; the cache is not.
    kept = inventory(tmp_path, url, bearer)
    assert set(json.loads(kept.stdout)["_meta"]["hostvars"]) == set(hosts)
