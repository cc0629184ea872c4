"""Virtual devices that live in a thread of their own, for tests that have no event loop or another.

with living(2) as lab:
    lab.panel(lab.devices[0], "snmp.v1.enabled", True)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.model.reading import Value


@dataclass
class Living:
    """Running devices, and the loop that they live in."""

    devices: list[Device] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    def panel(self, device: Device, key: str, value: Value) -> None:
        """Set a key as somebody at the device would."""

        async def touch() -> None:
            device.store.set(key, value, "panel", "panel")

        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(touch(), self.loop).result(10)


@contextmanager
def living(count: int, models: Sequence[str] = ("iradv-c5535",)) -> Iterator[Living]:
    """Run devices from the factory, which answer SNMPv1, until the block ends.

    Their models take turns.
    """
    found = Living()
    up, over = threading.Event(), threading.Event()

    async def live() -> None:
        found.loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            for number in range(count):
                model = models[number % len(models)]
                running = running_device(model, settings={"snmp.v1.enabled": True})
                device, _host = await stack.enter_async_context(running)
                found.devices.append(device)
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert up.wait(30)
        yield found
    finally:
        over.set()
        thread.join()
