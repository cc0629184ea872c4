"""FTP printing on port 21: every file stored is a job (guide SO-09, SP-07, SP-11)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]

from frisket.errors import LinkError
from frisket.mfd.device import Device
from frisket.mfd.ftp.loop import FtpLoop
from frisket.mfd.ftp.session import DeviceFtpServer
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import bound_tcp

FTP = Port(21)


class _Listener:
    """One device's open FTP port."""

    def __init__(self, shared: FtpLoop, server: DeviceFtpServer) -> None:
        self._shared = shared
        self._server = server

    def close(self) -> None:
        """Stop listening and cut every session; the port is free on return."""

        def shut(_: IOLoop) -> None:
            for session in list(self._server.sessions):
                session.close()
            self._server.close()

        # A thread that is held up (a disk that hangs) must not hold up the device.
        with contextlib.suppress(TimeoutError):
            self._shared.wait(shut)
        self._shared.leave()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while FTP printing is on."""
    return (FTP,) if device.store.on("ftp.print.enabled") else ()


def opener(shared: FtpLoop) -> Callable[[Device, Port], Awaitable[Open]]:
    """Return a way to open the port; all servers it opens live in one thread."""

    async def open_port(device: Device, port: Port) -> Open:
        sock = bound_tcp(device.address, device.port(port.number))
        running = asyncio.get_running_loop()
        shared.enter()
        try:
            server = await shared.ask(lambda loop: DeviceFtpServer(sock, device, loop, running))
        except OSError as fault:
            shared.leave()
            sock.close()
            raise LinkError(f"{device.address} FTP cannot be served: {fault}") from fault
        return _Listener(shared, server)

    return open_port


# Login settings are read at each login, so only the switch opens and closes the port.
SERVICE = Service(name="ftp", ports=ports, open_port=opener(FtpLoop()))
