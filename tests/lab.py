"""A virtual device for a test: built, opened on an address of its own, closed afterwards.

    async with running_device(settings={"ipp.enabled": True}, services=["ipp"]) as (device, host):
        dial(device.address, device.port(631))

Addresses are claimed by holding a socket, so tests of several processes never meet.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from frisket.audit.load import load_content
from frisket.mfd.device import Device, Plan, Surroundings, build_device
from frisket.mfd.host import Host
from frisket.mfd.personality import Personality, load_personalities
from frisket.mfd.service import Service, find_services
from frisket.model.reading import Value

SHIFT = 20_000  # where ports below 1024 go for a user who may not open them
_CLAIM = 1  # tcpmux: no service of a printer
_serials = count(1)


def _may_open_low_ports() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.254.254.254", 999))
        except PermissionError:
            return False
        except OSError:
            return True
    return True


@contextmanager
def own_address() -> Iterator[tuple[str, int]]:
    """Hold an address 127.100-250.n.m that nobody else uses; with it, the shift of low ports."""
    shift = 0 if _may_open_low_ports() else SHIFT
    start = os.getpid() * 7919
    for n in range(start, start + 5000):
        address = f"127.{100 + n // 60_000 % 150}.{n // 240 % 250}.{1 + n % 240}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((address, _CLAIM + shift))
            except OSError:
                continue
            yield address, shift
            return
    raise AssertionError("no free address for a virtual device")


@cache
def _personalities() -> dict[str, Personality]:
    return load_personalities()


def make_device(
    personality: str = "iradv-c5535",
    settings: Mapping[str, Value] | None = None,
    *,
    address: str = "127.99.0.1",
    shift: int = 0,
    folder: Path | None = None,
    serial: str = "",
    counters: Mapping[int, int] | None = None,
    quirks: Mapping[str, Any] | None = None,
    **surroundings: Any,
) -> Device:
    """Build a device that listens nowhere. `quirks` replaces some of the personality's.

    `surroundings`: `now` and `clock`, where a test owns the time.
    """
    model = _personalities()[personality]
    plan = Plan(
        address=address,
        serial=serial or f"VMF{next(_serials):05d}",
        personality=replace(model, quirks=replace(model.quirks, **(quirks or {}))),
        settings=dict(settings or {}),
        counters=dict(counters or {}),
        shift=shift,
    )
    return build_device(plan, Surroundings(load_content(), folder, **surroundings))


def named_services(names: Sequence[str] | None) -> Sequence[Service]:
    """Return the services of these modules of `frisket.mfd.services`; of all, for None."""
    if names is None:
        return find_services()
    return [importlib.import_module(f"frisket.mfd.services.{name}").SERVICE for name in names]


@asynccontextmanager
async def running_device(
    personality: str = "iradv-c5535",
    settings: Mapping[str, Value] | None = None,
    services: Sequence[str] | None = None,
    address: str | None = None,
    folder: Path | None = None,
    **more: Any,
) -> AsyncIterator[tuple[Device, Host]]:
    """Run a device: on `address`, or one of its own; with all services, or those of `services`.

    `more`: as for `make_device`. Where no port could be opened the test fails, naming it.
    """
    with own_address() as (own, shift):
        where = address or own
        device = make_device(
            personality, settings, address=where, shift=shift, folder=folder, **more
        )
        host = Host(device, named_services(services))
        await host.start()
        try:
            assert not host.faults, host.faults
            yield device, host
        finally:
            await host.stop()
