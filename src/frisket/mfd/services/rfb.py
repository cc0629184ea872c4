"""Remote operation: the drawn panel by RFB 3.3, port 5900, while its setting is on.

Nothing is drawn and no picture is kept until somebody looks (device facts 3.8).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from PIL import Image

from frisket.mfd.device import Device
from frisket.mfd.panel.engine import aged, look
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.view import View
from frisket.mfd.panel.viewer import Line, Viewer
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp

RFB = Port(5900)
_MOST = 8  # viewers at once
_TICK = 0.5  # seconds between looks at what changes by itself: the clock, jobs, settings
_HANDSHAKE = 20.0  # seconds until a client must have logged in


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while remote operation is on."""
    return (RFB,) if device.store.on("remote-operation.enabled") else ()


@dataclass(slots=True)
class Screen:
    """The picture that all viewers of a device share, kept while there is one."""

    device: Device
    server: asyncio.Server | None = None
    connections: set[Connection] = field(default_factory=set)
    view: View | None = None
    image: Image.Image | None = None
    ticking: asyncio.TimerHandle | None = None

    def picture(self) -> Image.Image:
        """Return the present picture; drawn only when the view has changed."""
        view = look(self.device.glass.state, self.device)
        if self.image is None or view != self.view:
            self.view, self.image = view, draw(view)
        return self.image

    def join(self, connection: Connection) -> None:
        """Take a viewer in; the first one starts the clock."""
        self.connections.add(connection)
        if self.ticking is None:
            self.device.glass.watchers.append(self.refresh)
            self.tick()

    def leave(self, connection: Connection) -> None:
        """Let a viewer go; the last one takes the picture along."""
        self.connections.discard(connection)
        if not self.connections and self.ticking is not None:
            self.ticking.cancel()
            self.ticking = None
            self.device.glass.watchers.remove(self.refresh)
            self.view = self.image = None

    def tick(self) -> None:
        """Look at what changes without a touch, and again in a moment."""
        self.ticking = asyncio.get_running_loop().call_later(_TICK, self.tick)
        glass = self.device.glass
        state = aged(glass.state, self.device)
        if state != glass.state:
            glass.show(state)
        else:
            self.refresh()

    def refresh(self) -> None:
        """Send every viewer what it waits for."""
        for connection in tuple(self.connections):
            if connection.viewer is not None:
                connection.viewer.update()

    def close(self) -> None:
        """Stop listening and cut every viewer off."""
        if self.server is not None:
            self.server.close()
        for connection in tuple(self.connections):
            connection.cut()


class Connection(asyncio.Protocol):
    """One TCP connection of a viewer."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.viewer: Viewer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, after waking the device where it sleeps."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        full = len(self._screen.connections) >= _MOST
        self._screen.join(self)
        device = self._screen.device
        peer = transport.get_extra_info("peername") or ("?",)
        line = Line(str(peer[0]), transport.write, transport.close)
        viewer = Viewer(device, line, os.urandom(16), self._screen.picture)
        if full:
            viewer.refuse("too many viewers")
        self.viewer = viewer
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_HANDSHAKE, self._too_slow)
        loop.call_later(device.power.wake("rfb"), self._greet)

    def _greet(self) -> None:
        if self.viewer is not None and not self.viewer.closed:
            self.viewer.greet()

    def _too_slow(self) -> None:
        if self.viewer is not None and not self.viewer.ready:
            self.viewer.end()

    def data_received(self, data: bytes) -> None:
        """Hand the bytes to the viewer; a fault of ours ends this connection only."""
        if self.viewer is None:
            return
        try:
            self.viewer.receive(data)
        except Exception as bug:
            # The loop closes the connection and reports it; the device stays up.
            self._screen.device.journal.add("bugs", f"rfb: {bug!r}")
            raise

    def pause_writing(self) -> None:
        """Send no more pictures until the client has read the last one."""
        if self.viewer is not None:
            self.viewer.blocked = True

    def resume_writing(self) -> None:
        """Send what was asked for meanwhile."""
        if self.viewer is not None:
            self.viewer.blocked = False
            self.viewer.update()

    def connection_lost(self, _: Exception | None) -> None:
        """Forget the viewer."""
        if self._timer is not None:
            self._timer.cancel()
        if self.viewer is not None:
            self.viewer.closed = True
            self.viewer = None
        self._screen.leave(self)

    def cut(self) -> None:
        """End the connection at once, with whatever has not been sent yet."""
        if self._transport is not None:
            self._transport.abort()


async def open_port(device: Device, port: Port) -> Open:
    """Listen for viewers."""
    screen = Screen(device)
    screen.server = await listen_tcp(
        device.address, device.port(port.number), lambda: Connection(screen)
    )
    return screen


# A changed password cuts the viewers off, as a changed lock does.
SERVICE = Service(
    name="rfb", ports=ports, open_port=open_port, reopen_on=("remote-operation.password",)
)
