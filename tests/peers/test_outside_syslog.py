"""The device's audit log by syslog, as rsyslog reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.unit.probe.lan import HOST, closed_port

from frisket.mfd.auditlog import LogKind
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value

pytestmark = [
    pytest.mark.peer("rsyslog"),
    pytest.mark.peer("rsyslog-gnutls"),
    pytest.mark.xdist_group("rsyslog"),
]


@dataclass(frozen=True, slots=True)
class Collector:
    """A running rsyslogd and the file it writes parsed messages to."""

    clear: int
    secure: int
    file: Path
    ca: bytes

    def messages(self) -> list[dict[str, Any]]:
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    async def about(self, word: str) -> dict[str, Any]:
        """Wait for the message whose text has this word."""
        async with asyncio.timeout(20):
            while True:
                for message in self.messages():
                    if word in message["msg"]:
                        return message
                await asyncio.sleep(0.05)


FIELDS = {
    "pri": "pri",
    "host": "hostname",
    "app": "app-name",
    "procid": "procid",
    "msgid": "msgid",
    "sd": "structured-data",
    "version": "protocol-version",
    "in": "inputname",
    "msg": "msg",
}


def configuration(folder: Path, clear: int, secure: int, key: Path, certificate: Path) -> str:
    properties = " ".join(
        f'property(outname="{ours}" name="{theirs}" format="jsonf")'
        for ours, theirs in FIELDS.items()
    )
    return f"""
global(workDirectory="{folder}/state" DefaultNetstreamDriverCAFile="{certificate}"
  DefaultNetstreamDriverCertFile="{certificate}" DefaultNetstreamDriverKeyFile="{key}")
module(load="imudp") module(load="imptcp")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="J" type="list" option.jsonf="on") {{ {properties} }}
ruleset(name="r") {{ action(type="omfile" file="{folder}/out.json" template="J") }}
input(type="imudp" address="{HOST}" port="{clear}" ruleset="r")
input(type="imptcp" address="{HOST}" port="{clear}" ruleset="r")
input(type="imtcp" address="{HOST}" port="{secure}" ruleset="r")
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with open_folder() as folder:
        ca = authority("The CA of the log server")
        key, certificate = ca.issue(folder, "localhost")
        clear, secure = closed_port(), closed_port()
        (folder / "state").mkdir()
        path = folder / "rsyslog.conf"
        path.write_text(configuration(folder, clear, secure, key, certificate))
        command = ["rsyslogd", "-n", "-f", str(path), "-i", str(folder / "pid")]
        with serving(command, secure, folder=folder):
            yield Collector(clear, secure, folder / "out.json", ca.pem)


def settings_for(
    collector: Collector, transport: str, more: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    return {
        "syslog.enabled": True,
        "syslog.server": "localhost" if transport == "tls" else HOST,
        "syslog.port": collector.secure if transport == "tls" else collector.clear,
        "syslog.transport": transport,
        "audit-log.save": True,
        **(more or {}),
    }


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_every_entry_arrives_whole(
    collector: Collector, tmp_path: Path, transport: str
) -> None:
    settings = settings_for(collector, transport, {"syslog.enabled": False})
    async with running_device(settings=settings, services=["syslog"], folder=tmp_path) as (
        device,
        host,
    ):
        trust(device, collector.ca, "test")
        device.log.add(LogKind.JOB, "alice", "Print", f"not by syslog {transport}")
        device.store.set("syslog.enabled", value=True, actor="test", via="lab")
        await host.settled()
        detail = f'Zoë "quoted" back\\slash [brackets] by {transport}'
        device.log.add(LogKind.JOB, "alice", "Print", detail)
        device.log.add(LogKind.TRANSMISSION, "bob", "Send", f"last by {transport}", ok=False)
        last = await collector.about(f"last by {transport}")
        assert device.journal.counts["outside_failures"] == 0
    first = await collector.about(f"brackets] by {transport}")
    assert first["host"] == device.name
    assert (first["app"], first["procid"], first["msgid"]) == ("audit", device.plan.serial, "JOB")
    assert (first["version"], first["pri"], last["pri"]) == ("1", "109", "108")
    assert first["sd"].startswith('[log@32473 kind="Job" user="alice" operation="Print"')
    assert 'result="OK"]' in first["sd"]
    assert 'result="NG"]' in last["sd"]
    assert "Zoë" in first["msg"]
    assert not [m for m in collector.messages() if f"not by syslog {transport}" in m["msg"]]


@pytest.mark.parametrize("registered", ["nothing", "another"])
async def test_a_refused_certificate_is_a_logged_failure_and_nothing_is_sent(
    collector: Collector, tmp_path: Path, registered: str
) -> None:
    settings = settings_for(collector, "tls")
    async with running_device(settings=settings, services=["syslog"], folder=tmp_path) as (
        device,
        _,
    ):
        if registered == "another":
            trust(device, authority("Another").pem, "test")
        device.log.add(LogKind.JOB, "alice", "Print", f"must not arrive {registered}")
        async with asyncio.timeout(20):
            while not device.journal.counts["outside_failures"]:
                await asyncio.sleep(0.02)
        entry = [e for e in device.log if e.operation == "Syslog"]
        assert [(e.kind, e.result) for e in entry] == [(LogKind.NETWORK_CONNECTION, "NG")]
        assert "certificate is refused" in entry[0].detail
    assert not [m for m in collector.messages() if f"must not arrive {registered}" in m["msg"]]
