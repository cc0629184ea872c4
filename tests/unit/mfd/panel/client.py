"""The client's side of RFB 3.3, for a viewer without a socket; it keeps the picture it is sent."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image
from tests.unit.mfd.panel.operator import Operator

from frisket.mfd.glass import PanelState
from frisket.mfd.panel.engine import look
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.viewer import Line, Viewer
from frisket.proto.rfb.pixels import TRUE_COLOUR_32, PixelFormat, to_rgb
from frisket.proto.rfb.vncauth import respond
from frisket.proto.rfb.wire import (
    ColourMap,
    Rectangle,
    UpdateHead,
    UpdateRequest,
    encode_client_message,
    read_rectangle,
    read_server_message,
)

CHALLENGE = bytes(range(16))
GREETING = b"RFB 003.003\n"


@dataclass(slots=True)
class Client:
    """A viewer of `panel`'s device, and the bytes it has sent."""

    panel: Operator
    viewer: Viewer
    sent: io.BytesIO
    pixel: PixelFormat = TRUE_COLOUR_32
    image: Image.Image = field(default_factory=lambda: Image.new("RGB", (800, 480)))
    drawn: int = 0

    def take(self) -> bytes:
        """Return what the server sent since the last time."""
        data = self.sent.getvalue()
        self.sent.seek(0)
        self.sent.truncate()
        return data

    def login(self, password: str = "ros12345") -> bytes:
        """Go through the handshake; return what came after the challenge was answered."""
        self.viewer.greet()
        assert self.take() == GREETING
        self.viewer.receive(GREETING)
        assert self.take() == b"\0\0\0\2" + CHALLENGE
        self.viewer.receive(respond(password, CHALLENGE))
        answer = self.take()
        if not self.viewer.closed:
            self.viewer.receive(b"\1")
            answer += self.take()
        return answer

    def ask(self, area: tuple[int, int, int, int] = (0, 0, 800, 480), *, again: bool) -> None:
        self.viewer.receive(encode_client_message(UpdateRequest(again, *area)))

    def look(self) -> list[Rectangle]:
        """Paint the update that has come; return its rectangles."""
        data = self.take()
        found: list[Rectangle] = []
        while data:
            message, used = read_server_message(data)
            data = data[used:]
            if isinstance(message, ColourMap):
                continue
            assert isinstance(message, UpdateHead)
            for _ in range(message.rectangles):
                rectangle, used = read_rectangle(data, self.pixel, width=800, height=480)
                data = data[used:]
                found.append(rectangle)
                tile = Image.frombytes(
                    "RGB",
                    (rectangle.width, rectangle.height),
                    to_rgb(rectangle.pixels, self.pixel),
                )
                self.image.paste(tile, (rectangle.x, rectangle.y))
        return found


def client(panel: Operator) -> Client:
    sent = io.BytesIO()
    glass = panel.device.glass
    glass.state = panel.state if panel.state != PanelState() else glass.state

    def close() -> None:
        return

    def picture() -> Image.Image:
        shown = look(glass.state, panel.device)
        if cache.get("view") != shown:
            cache["view"], cache["image"] = shown, draw(shown)
            found.drawn += 1
        image = cache["image"]
        assert isinstance(image, Image.Image)
        return image

    cache: dict[str, object] = {}
    line = Line("192.0.2.9", lambda data: (sent.write(data), None)[1], close)
    found = Client(panel, Viewer(panel.device, line, CHALLENGE, picture), sent)
    return found
