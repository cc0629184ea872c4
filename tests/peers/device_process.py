"""A virtual device as a program of its own, for tests that run it in another network.

    python -m tests.peers.device_process ADDRESS SERVICE...

Says `ready`; each line `key=on` or `key=off` on standard input sets a switch; ends with its input.
"""

from __future__ import annotations

import asyncio
import sys

from tests.lab import running_device


async def main(address: str, services: list[str]) -> None:
    loop = asyncio.get_running_loop()
    async with running_device(address=address, services=services) as (device, host):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            key, _, word = line.strip().partition("=")
            device.store.set(key, word == "on", "test", "lab")
            await host.settled()
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
