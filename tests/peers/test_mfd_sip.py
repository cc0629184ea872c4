"""Sipsak judges the SIP service by UDP and TCP."""

from __future__ import annotations

import asyncio

import pytest
from tests.lab import running_device

from frisket.model.reading import Value

pytestmark = pytest.mark.peer("sipsak")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_options(transport: str) -> None:
    settings: dict[str, Value] = {"sip.intranet.enabled": True, "tls.minimum-version": "TLSv1.2"}
    async with running_device(settings=settings, services=["sip"]) as (device, _):
        process = await asyncio.create_subprocess_exec(
            *("sipsak", "-v", "-E", transport, "-H", "127.0.0.1"),
            *("-s", f"sip:fax@{device.address}:5060"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, said
    assert b"200 OK" in said
