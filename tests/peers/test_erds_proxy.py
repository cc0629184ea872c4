"""E-RDS through a proxy by somebody else (tinyproxy), with a login and without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.erds import scene
from tests.peers.daemons import daemon
from tests.peers.pki import Authority, authority
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import LinkError
from frisket.mfd.erds.talk import com_log, communication_test
from frisket.mfd.outside.attempt import OutsideFault
from frisket.model.reading import Value
from frisket.proto.erds.message import Operation

pytestmark = pytest.mark.peer("tinyproxy-bin")


@pytest.fixture(scope="module")
def ca() -> Authority:
    return authority("Test CA")


@pytest.fixture(scope="module")
def pair(ca: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ca.issue(tmp_path_factory.mktemp("pki"), "127.0.0.1")


@asynccontextmanager
async def proxy(folder: Path, login: str = "") -> AsyncIterator[tuple[int, Path]]:
    port, log = closed_port(), folder / "access.log"
    lines = [f"Port {port}", f"Listen {HOST}", "Timeout 20", f'LogFile "{log}"', "LogLevel Connect"]
    lines += ["MaxClients 5", f"BasicAuth {login}" if login else ""]
    (folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
    command = ["tinyproxy", "-d", "-c", str(folder / "tinyproxy.conf")]
    async with daemon(command, port, folder=folder):
        yield port, log


def through(port: int, **more: Value) -> dict[str, Value]:
    settings: dict[str, Value] = {
        "proxy.enabled": True,
        "proxy.server": HOST,
        "proxy.port": port,
    }
    return settings | {f"proxy.{name}": value for name, value in more.items()}


async def test_all_goes_through_the_proxy_and_tls_ends_at_the_gateway(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with (
        proxy(tmp_path) as (port, log),
        scene(ca, pair, tmp_path, settings=through(port)) as s,
    ):
        await communication_test(s.device, "service")
        await s.got(Operation.CLICK_COUNT, 1)
        seen = log.read_text()
        assert f"CONNECT {HOST}:{s.gateway.port}" in seen
        assert "postGlobalClickCount" not in seen


async def test_the_proxy_s_login_is_basic(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with proxy(tmp_path, "anna s3cret") as (port, _):
        known = through(port, user="anna", password="s3cret")
        async with scene(
            ca, pair, tmp_path, settings=known | {"proxy.authentication.enabled": True}
        ) as s:
            await communication_test(s.device, "service")
            assert com_log(s.device)[0].result == "OK"
            sent = b"".join(s.gateway.bodies).lower()
            assert b"proxy-authorization" not in sent  # the proxy's password stays with it
            s.device.store.set("proxy.password", "wrong", "test", "lab")
            with pytest.raises(OutsideFault, match="user name and password"):
                await communication_test(s.device, "service")
            s.device.store.set("proxy.authentication.enabled", False, "test", "lab")
            with pytest.raises(OutsideFault, match="proxy"):
                await communication_test(s.device, "service")


async def test_a_proxy_that_is_not_there_is_ng_and_nothing_goes_around_it(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path, settings=through(closed_port())) as s:
        with pytest.raises(LinkError):
            await communication_test(s.device, "service")
        assert s.gateway.tries == 0
