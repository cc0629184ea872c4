"""`frisket lab com-test`, `com-log`, `trouble` and `toner`, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.erds import ON, running_gateway
from tests.loop.test_outside_commands import ADDRESS, frisket, run
from tests.peers.pki import authority

from frisket.proto.erds.message import Operation

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("e") / "lab"
    up = run(folder, "up", "--devices", "1", "--state", "factory")
    assert up.returncode == 0, up.stderr
    yield folder
    assert run(folder, "down").returncode == 0


async def test_from_switching_it_on_to_a_jam_at_the_gateway(lab: Path, tmp_path: Path) -> None:
    ca = authority("Gateway CA")
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    keys = ca.issue(tmp_path, "127.0.0.1")
    async with running_gateway(*keys, lambda: datetime.now(UTC)) as gateway:
        off = await frisket(lab, "com-test", ADDRESS)
        assert off.returncode == 2
        assert "E-RDS is off" in off.stderr
        pairs = [f"{ON}=true", "remote-service.gateway=127.0.0.1"]
        pairs += [f"remote-service.port={gateway.port}"]
        pairs += [f"remote-service.registration-code={gateway.code('VMF00001')}"]
        assert (await frisket(lab, "set", ADDRESS, *pairs)).returncode == 0
        doubted = await frisket(lab, "com-test", ADDRESS)
        assert doubted.returncode == 2
        assert "certificate is refused" in doubted.stderr
        trusted = await frisket(lab, "trust", ADDRESS, str(tmp_path / "ca.pem"))
        assert trusted.returncode == 0
        done = await frisket(lab, "com-test", ADDRESS)
        assert done.returncode == 0, done.stderr
        assert "every 16 h" in done.stderr
        for words in (
            ("trouble", ADDRESS, "jam", "010C", "--slot", "Drawer 2", "--paper", "A4"),
            ("toner", ADDRESS, "1", "0"),
            ("trouble", ADDRESS, "jam", "--cleared"),
        ):
            said = await frisket(lab, *words)
            assert said.returncode == 0, said.stderr
        await gateway.until(lambda: len(gateway.shelf.of(Operation.ALERT)) >= 3)
        fault = gateway.shelf.of(Operation.JAM)[0].faults[0]
        assert (fault.code, fault.slot, fault.paper) == ("010C", "Drawer 2", "A4")
        log = await frisket(lab, "com-log", ADDRESS, "--format", "json")
        lines = json.loads(log.stdout)["log"]
        tests = [line["result"] for line in lines if line["operation"] == "communicationTest"]
        assert tests == ["OK", "NG"]
        assert "communicationTest" in (await frisket(lab, "com-log", ADDRESS)).stdout
        assert (await frisket(lab, "trouble", ADDRESS, "fire")).returncode == 2
