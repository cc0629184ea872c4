"""One viewer of the panel: RFB 3.3 with VNC authentication, bytes in and bytes out, no socket.

The server dictates the handshake as RFC 6143 section 7.1.2 has it for 3.3: it names the security
type, and type 0 with a reason refuses the client. Presses go to the device's shared panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, ImageChops

from frisket.errors import FrisketError, WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.panel.engine import Event, Tap, key_of, press
from frisket.mfd.panel.view import HEIGHT, WIDTH
from frisket.proto.cursor import Incomplete
from frisket.proto.rfb.handshake import (
    Offer,
    Security,
    ServerInit,
    Version,
    agreed,
    encode_offer,
    encode_result,
    encode_server_init,
    encode_version,
    read_client_init,
    read_version,
)
from frisket.proto.rfb.hextile import encode_hextile
from frisket.proto.rfb.pixels import BGR_233, TRUE_COLOUR_32, PixelFormat, from_rgb
from frisket.proto.rfb.vncauth import CHALLENGE_LENGTH, accepts
from frisket.proto.rfb.wire import (
    ColourMap,
    Encoding,
    KeyEvent,
    PointerEvent,
    Rectangle,
    SetEncodings,
    SetPixelFormat,
    UpdateHead,
    UpdateRequest,
    encode_rectangle,
    encode_server_message,
    read_client_message,
)

Box = tuple[int, int, int, int]  # left, top, right, bottom
WHOLE: Box = (0, 0, WIDTH, HEIGHT)
_BAND = 48  # changes are looked for in bands of this height
_LONGEST = 1 << 17  # bytes of one message; a clipboard is at most half of that


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer asked to be sent: this area, all of it where not only changes."""

    area: Box
    everything: bool

    def joined(self, other: Wish) -> Wish:
        """Return one wish that covers both: many requests cost one answer."""
        a, b = self.area, other.area
        area = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
        return Wish(area, self.everything or other.everything)


def changed_areas(before: Image.Image, after: Image.Image, area: Box) -> list[Box]:
    """Return the rectangles of `area` in which two pictures differ, at most one a band."""
    difference = ImageChops.difference(before, after)
    found = []
    for top in range(area[1], area[3], _BAND):
        band = (area[0], top, area[2], min(top + _BAND, area[3]))
        if box := difference.crop(band).getbbox():
            found.append((band[0] + box[0], top + box[1], band[0] + box[2], top + box[3]))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one client: its address, where bytes go, and how the connection ends."""

    peer: str
    send: Callable[[bytes], None]
    close: Callable[[], None]


class Viewer:
    """One connection: `receive` takes what came, the `line` carries what goes.

    `picture` returns the panel's present picture. A client that breaks the protocol is closed.
    """

    def __init__(
        self,
        device: Device,
        line: Line,
        challenge: bytes,
        picture: Callable[[], Image.Image],
    ) -> None:
        assert len(challenge) == CHALLENGE_LENGTH
        self._device = device
        self._challenge = challenge
        self._line = line
        self._send = line.send
        self._picture = picture
        self._buffer = b""
        self._step = self._version
        self._format: PixelFormat = TRUE_COLOUR_32
        self._encoding = Encoding.RAW
        self._wish: Wish | None = None
        self._shown: Image.Image | None = None
        self._buttons = 0
        self.ready = False
        self.closed = False
        self.blocked = False

    def greet(self) -> None:
        """Send the version; a 3.3 server offers nothing else."""
        self._send(encode_version(Version.V3_3))

    def refuse(self, reason: str) -> None:
        """Say why nobody may connect, once the client has named its version, and close."""
        self._step = lambda data: self._refused(data, reason)

    def receive(self, data: bytes) -> None:
        """Take bytes from the client and answer what is complete."""
        self._buffer += data
        while self._buffer and not self.closed:
            try:
                used = self._step(self._buffer)
            except Incomplete:
                if len(self._buffer) > _LONGEST:
                    self.end()
                break
            except FrisketError:
                # No RFB, or nothing can be recorded any more: either way it ends here.
                self.end()
                break
            self._buffer = self._buffer[used:]
        self.update()

    def end(self) -> None:
        """Close the connection."""
        if not self.closed:
            self.closed = True
            self.ready = False
            self._buffer = b""
            self._shown = None
            self._line.close()

    # -- the handshake: each step reads one message and returns the bytes it used

    def _version(self, data: bytes) -> int:
        announced, used = read_version(data)
        agreed(announced)
        password = self._password()
        if not password:
            return self._refused(data, "no password is set for remote operation")
        offer = Offer((Security.VNC_AUTHENTICATION,))
        self._send(encode_offer(offer, Version.V3_3) + self._challenge)
        self._step = self._response
        return used

    def _refused(self, data: bytes, reason: str) -> int:
        _, used = read_version(data)
        self._send(encode_offer(Offer((), reason), Version.V3_3))
        self._log("Remote Operation", reason, ok=False)
        self.end()
        return used

    def _password(self) -> str:
        return self._device.store.text("remote-operation.password")

    def _response(self, data: bytes) -> int:
        if len(data) < CHALLENGE_LENGTH:
            raise Incomplete(CHALLENGE_LENGTH)
        if not self._accepts(data[:CHALLENGE_LENGTH]):
            self._device.journal.add("failed_logins", f"rfb from {self._line.peer}: wrong password")
            self._log("Remote Operation Login", "wrong password", ok=False)
            self._send(encode_result("the password is wrong", Version.V3_3))
            self.end()
        else:
            self._log("Remote Operation Login", "")
            self._send(encode_result(None, Version.V3_3))
            self._step = self._init
        return CHALLENGE_LENGTH

    def _accepts(self, response: bytes) -> bool:
        password = self._password()
        if not password:
            return False
        try:
            return accepts(password, self._challenge, response)
        except WireError:
            # A password beyond Latin-1 cannot be answered by any client.
            return False

    def _init(self, data: bytes) -> int:
        _, used = read_client_init(data)
        name = f"{self._device.name} (virtual device)"
        self._send(encode_server_init(ServerInit(WIDTH, HEIGHT, TRUE_COLOUR_32, name)))
        self._step = self._message
        self.ready = True
        return used

    # -- afterwards

    def _message(self, data: bytes) -> int:
        message, used = read_client_message(data)
        match message:
            case SetPixelFormat(wanted):
                self._set_format(wanted)
            case SetEncodings(listed):
                known = [n for n in listed if n in {Encoding.RAW, Encoding.HEXTILE}]
                self._encoding = Encoding(known[0]) if known else Encoding.RAW
            case UpdateRequest(incremental, x, y, width, height):
                area = (x, y, min(WIDTH, x + width), min(HEIGHT, y + height))
                if area[0] < area[2] and area[1] < area[3]:
                    wish = Wish(area, not incremental)
                    self._wish = self._wish.joined(wish) if self._wish else wish
            case PointerEvent(buttons, x, y):
                # A touch is the left button going down; dragging and letting go ask for nothing.
                if buttons & 1 and not self._buttons & 1:
                    self._press(Tap(x, y))
                self._buttons = buttons
            case KeyEvent(down=True, key=keysym) if key := key_of(keysym):
                self._press(key)
            case _:
                pass
        return used

    def _press(self, event: Event) -> None:
        glass = self._device.glass
        glass.show(press(glass.state, event, self._device))

    def _set_format(self, wanted: PixelFormat) -> None:
        if wanted.true_colour:
            self._format = wanted
        elif wanted.bits_per_pixel == 8:
            # A colour map is filled with the 256 colours of three, three and two bits.
            colours = tuple(
                (n % 8 * 65535 // 7, n // 8 % 8 * 65535 // 7, n // 64 * 65535 // 3)
                for n in range(256)
            )
            self._send(encode_server_message(ColourMap(0, colours)))
            self._format = BGR_233
        else:
            raise WireError("a colour map of more than 8 bits")
        self._shown = None

    def update(self) -> None:
        """Send what was asked for and has changed; nothing while the line is full."""
        wish = self._wish
        if wish is None or self.closed or self.blocked:
            return
        picture = self._picture()
        if wish.everything or self._shown is None:
            areas = [wish.area]
        elif self._shown is picture:
            return
        else:
            areas = changed_areas(self._shown, picture, wish.area)
            if not areas:
                return
        self._wish = None
        body = b"".join(self._rectangle(picture, area) for area in areas)
        self._remember(picture, wish.area)
        self._send(encode_server_message(UpdateHead(len(areas))) + body)

    def _remember(self, picture: Image.Image, area: Box) -> None:
        if area == WHOLE:
            self._shown = picture
            return
        # Only a part was sent: the rest still counts as not seen.
        known = self._shown.copy() if self._shown else ImageChops.invert(picture)
        known.paste(picture.crop(area), area[:2])
        self._shown = known

    def _rectangle(self, picture: Image.Image, area: Box) -> bytes:
        width, height = area[2] - area[0], area[3] - area[1]
        pixels = from_rgb(picture.crop(area).tobytes(), self._format)
        shape = Rectangle(area[0], area[1], width, height, self._encoding, pixels)
        if self._encoding is Encoding.HEXTILE:
            return encode_rectangle(shape, encode_hextile(pixels, width, height, self._format.size))
        return encode_rectangle(replace(shape, encoding=Encoding.RAW))

    def _log(self, what: str, why: str, *, ok: bool = True) -> None:
        detail = f"from {self._line.peer}: {why}" if why else f"from {self._line.peer}"
        self._device.log.add(LogKind.USER_AUTHENTICATION, "-", what, detail, ok=ok)
