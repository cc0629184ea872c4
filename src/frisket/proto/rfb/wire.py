"""RFB messages after the handshake (RFC 6143 sections 7.5 to 7.7), both directions.

Every `read_…` takes the bytes that have arrived and returns (value, bytes used). It raises
`frisket.proto.cursor.Incomplete` while bytes are missing and `WireError` when they are wrong.
A FramebufferUpdate is read in steps, its head and then rectangle by rectangle, so that a slow
sender does not make the reader start over.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from frisket.errors import WireError
from frisket.proto.cursor import Cursor
from frisket.proto.rfb.hextile import decode_hextile
from frisket.proto.rfb.pixels import PixelFormat, encode_format, read_format


class Encoding(IntEnum):
    """Encodings read and written here; others stay plain numbers."""

    RAW = 0
    COPY = 1
    HEXTILE = 5
    DESKTOP_SIZE = -223


@dataclass(frozen=True, slots=True)
class SetPixelFormat:
    """The client wants pixels in this format from now on."""

    pixel_format: PixelFormat


@dataclass(frozen=True, slots=True)
class SetEncodings:
    """Encodings the client reads, best first."""

    encodings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """FramebufferUpdateRequest: the client wants this area, if `incremental` only what changed."""

    incremental: bool
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key, named by its X11 keysym, went down or up."""

    down: bool
    key: int


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """The pointer is at (x, y); bit 0 of `buttons` is the left button or a touch."""

    buttons: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class CutText:
    """ClientCutText or ServerCutText: the clipboard, Latin-1, lines ended by a line feed."""

    text: str


@dataclass(frozen=True, slots=True)
class UpdateHead:
    """The start of a FramebufferUpdate: so many rectangles follow."""

    rectangles: int


@dataclass(frozen=True, slots=True)
class ColourMap:
    """SetColourMapEntries: (red, green, blue), each 0 to 65535, from entry `first`."""

    first: int
    colours: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Bell:
    """The device beeps."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """One area of an update; `pixels` in the agreed format, or where to copy from.

    `pixels` is empty for COPY, whose origin is `source`, and for DESKTOP_SIZE, whose width and
    height are the framebuffer's new ones.
    """

    x: int
    y: int
    width: int
    height: int
    encoding: Encoding = Encoding.RAW
    pixels: bytes = b""
    source: tuple[int, int] = (0, 0)


ClientMessage = SetPixelFormat | SetEncodings | UpdateRequest | KeyEvent | PointerEvent | CutText
ServerMessage = UpdateHead | ColourMap | Bell | CutText


def read_client_message(
    data: bytes, *, max_text: int = 65536, max_encodings: int = 256
) -> tuple[ClientMessage, int]:
    """Read one message to the server; `WireError` for an unknown type or beyond a limit."""
    cursor = Cursor(data)
    message: ClientMessage
    match cursor.unsigned(1):
        case 0:
            cursor.take(3)
            message = SetPixelFormat(read_format(cursor))
        case 2:
            cursor.take(1)
            count = cursor.unsigned(2)
            if count > max_encodings:
                raise WireError(f"RFB list of {count} encodings, more than {max_encodings}")
            listed = Cursor(cursor.take(4 * count))
            message = SetEncodings(tuple(listed.signed(4) for _ in range(count)))
        case 3:
            incremental = bool(cursor.unsigned(1))
            x, y, width, height = (cursor.unsigned(2) for _ in range(4))
            message = UpdateRequest(incremental, x, y, width, height)
        case 4:
            down = bool(cursor.unsigned(1))
            cursor.take(2)
            message = KeyEvent(down, cursor.unsigned(4))
        case 5:
            buttons = cursor.unsigned(1)
            message = PointerEvent(buttons, cursor.unsigned(2), cursor.unsigned(2))
        case 6:
            message = _read_cut_text(cursor, max_text)
        case kind:
            raise WireError(f"RFB client message of unknown type {kind}")
    return message, cursor.position


def encode_client_message(message: ClientMessage) -> bytes:
    """Return the bytes of one message to the server."""
    match message:
        case SetPixelFormat(pixel_format):
            return bytes(4) + encode_format(pixel_format)
        case SetEncodings(encodings):
            listed = b"".join(number.to_bytes(4, "big", signed=True) for number in encodings)
            return b"\2\0" + _u16(len(encodings)) + listed
        case UpdateRequest(incremental, x, y, width, height):
            return bytes((3, incremental)) + _u16(x, y, width, height)
        case KeyEvent(down, key):
            return bytes((4, down, 0, 0)) + key.to_bytes(4, "big")
        case PointerEvent(buttons, x, y):
            return bytes((5, buttons)) + _u16(x, y)
        case CutText(text):
            return b"\6" + _cut_text(text)


def read_server_message(data: bytes, *, max_text: int = 65536) -> tuple[ServerMessage, int]:
    """Read one message to the client; the rectangles of an update are read one by one."""
    cursor = Cursor(data)
    message: ServerMessage
    match cursor.unsigned(1):
        case 0:
            cursor.take(1)
            message = UpdateHead(cursor.unsigned(2))
        case 1:
            cursor.take(1)
            first, count = cursor.unsigned(2), cursor.unsigned(2)
            if first + count > 65536:
                raise WireError(f"RFB colour map of {count} entries from {first}")
            listed = Cursor(cursor.take(6 * count))
            colours = (
                (listed.unsigned(2), listed.unsigned(2), listed.unsigned(2)) for _ in range(count)
            )
            message = ColourMap(first, tuple(colours))
        case 2:
            message = Bell()
        case 3:
            message = _read_cut_text(cursor, max_text)
        case kind:
            raise WireError(f"RFB server message of unknown type {kind}")
    return message, cursor.position


def encode_server_message(message: ServerMessage) -> bytes:
    """Return the bytes of one message to the client."""
    match message:
        case UpdateHead(rectangles):
            return bytes(2) + _u16(rectangles)
        case ColourMap(first, colours):
            listed = b"".join(_u16(*colour) for colour in colours)
            return b"\1\0" + _u16(first, len(colours)) + listed
        case Bell():
            return b"\2"
        case CutText(text):
            return b"\3" + _cut_text(text)


def read_rectangle(
    data: bytes,
    pixel_format: PixelFormat,
    *,
    width: int,
    height: int,
    max_side: int = 4096,
    asked: frozenset[Encoding] = frozenset(Encoding),
) -> tuple[Rectangle, int]:
    """Read one rectangle of an update of a framebuffer of `width` x `height` pixels.

    `WireError` when it, or the area it copies from, leaves the framebuffer, when its encoding is
    none of those `asked` for, or when a new desktop size exceeds `max_side`.
    """
    cursor = Cursor(data)
    x, y, across, down = (cursor.unsigned(2) for _ in range(4))
    number = cursor.signed(4)
    if number not in asked:
        raise WireError(f"RFB encoding {number} was not asked for")
    encoding = Encoding(number)
    if encoding is Encoding.DESKTOP_SIZE:
        if not (0 < across <= max_side and 0 < down <= max_side):
            raise WireError(f"RFB desktop of {across} x {down} pixels")
        return Rectangle(x, y, across, down, encoding), cursor.position
    _require_inside((x, y), (across, down), (width, height))
    if encoding is Encoding.COPY:
        source = (cursor.unsigned(2), cursor.unsigned(2))
        _require_inside(source, (across, down), (width, height))
        return Rectangle(x, y, across, down, encoding, source=source), cursor.position
    if encoding is Encoding.HEXTILE:
        pixels = decode_hextile(cursor, across, down, pixel_format.size)
    else:
        pixels = cursor.take(across * down * pixel_format.size)
    return Rectangle(x, y, across, down, encoding, pixels), cursor.position


def encode_rectangle(rectangle: Rectangle, payload: bytes | None = None) -> bytes:
    """Return one rectangle; `payload` replaces its raw pixels, such as by Hextile ones."""
    head = _u16(rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    if payload is None:
        copied = rectangle.encoding is Encoding.COPY
        payload = _u16(*rectangle.source) if copied else rectangle.pixels
    return head + rectangle.encoding.to_bytes(4, "big", signed=True) + payload


def _require_inside(place: tuple[int, int], size: tuple[int, int], whole: tuple[int, int]) -> None:
    if any(start + extent > limit for start, extent, limit in zip(place, size, whole, strict=True)):
        raise WireError(f"RFB rectangle of {size} at {place} leaves the framebuffer of {whole}")


def _read_cut_text(cursor: Cursor, limit: int) -> CutText:
    cursor.take(3)
    length = cursor.unsigned(4)
    if length > limit:
        raise WireError(f"RFB clipboard of {length} bytes, more than {limit}")
    return CutText(cursor.take(length).decode("latin-1"))


def _cut_text(text: str) -> bytes:
    octets = text.encode("latin-1", "replace")
    return bytes(3) + len(octets).to_bytes(4, "big") + octets


def _u16(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)
