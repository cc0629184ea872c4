"""curl logs in to the Remote UI and judges its redirects, TLS and cookies."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.model.reading import Value

pytestmark = pytest.mark.peer("curl")


async def curl(*arguments: str) -> tuple[int, str]:
    """Run curl; return its exit code and what it printed."""
    run = await asyncio.create_subprocess_exec(
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await run.communicate()
    assert run.returncode is not None
    return run.returncode, out.decode(errors="replace")


async def test_curl_logs_in_over_http_and_reads_the_counters(tmp_path: Path) -> None:
    jar = str(tmp_path / "jar")
    async with running_device(services=["http"], counters={101: 4711}) as (device, _):
        url = f"http://{device.address}:8000"
        login = ("-d", "uri=/rps/&username=Administrator&password=7654321", f"{url}/login")
        code, page = await curl("-L", "-c", jar, *login)
        assert code == 0
        assert "Device Status" in page
        code, page = await curl("-b", jar, f"{url}/rps/dcounter.cgi?CorePGTAG=14")
        assert 'write_value("101",4711)' in page
        assert (await curl("-I", f"{url}/"))[1].startswith("HTTP/1.1 200 OK")


async def test_curl_is_sent_from_http_to_https(tmp_path: Path) -> None:
    settings = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):
        for port in (device.port(80), 8000):
            code, said = await curl("-i", f"http://{device.address}:{port}/rps/")
            assert code == 0
            assert said.startswith("HTTP/1.1 302 Moved Temporarily")
            assert f"Location: https://{device.address}:8443/" in said
            assert said.endswith("\r\n\r\n"), "no content"
        code, page = await curl("-k", "-L", f"http://{device.address}:8000/")
        assert "Remote UI: Login" in page
        code, said = await curl(f"https://{device.address}:8443/")
        assert code == 60, "curl does not trust a certificate that nobody signed"


async def test_cookies_of_tls_stay_with_tls(tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    settings = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):
        url = f"https://{device.address}:8443"
        login = ("-d", "username=Administrator&password=7654321", f"{url}/login")
        await curl("-k", "-c", str(jar), *login)
        line = next(x for x in jar.read_text().splitlines() if "session" in x)
        assert line.startswith("#HttpOnly_")
        assert re.split(r"\t", line)[3] == "TRUE", "secure"


@pytest.mark.parametrize(
    ("option", "minimum", "good"),
    [
        ("--tlsv1.3", "TLSv1.2", True),
        ("--tls-max=1.2", "TLSv1.2", True),
        ("--tls-max=1.2", "TLSv1.3", False),
    ],
)
async def test_the_tls_settings_are_obeyed(option: str, minimum: str, good: bool) -> None:
    settings: dict[str, Value] = {
        "remote-ui.tls.enabled": True,
        "tls.minimum-version": minimum,
    }
    async with running_device(settings=settings, services=["http"]) as (device, _):
        name, _, value = option.partition("=")
        arguments = [name, value] if value else [name]
        code, _ = await curl("-k", *arguments, f"https://{device.address}:8443/")
        assert (code == 0) is good


async def test_a_closed_remote_ui_refuses_curl() -> None:
    async with running_device(settings={"http.enabled": False}, services=["http"]) as (device, _):
        for port in (80, 8000):
            code, _ = await curl(f"http://{device.address}:{device.port(port)}/")
            assert code == 7, "could not connect"
