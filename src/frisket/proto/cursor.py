"""Reading a byte string from left to right without ever running past its end."""

from __future__ import annotations

from frisket.errors import WireError


class Incomplete(WireError):
    """The message has not arrived whole; `need` is a lower bound of its length in bytes."""

    def __init__(self, need: int) -> None:
        """Keep how many bytes, counted from the start of the message, are needed to go on."""
        super().__init__(f"message cut short: at least {need} bytes are needed")
        self.need = need


class Cursor:
    """A position in `data`; every read raises `Incomplete` when too few bytes are left."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def left(self) -> int:
        """Return how many bytes have not been read."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self.position + count
        if end > len(self.data):
            raise Incomplete(end)
        taken = bytes(self.data[self.position : end])
        self.position = end
        return taken

    def unsigned(self, width: int) -> int:
        """Return the next `width` bytes as a big-endian number."""
        return int.from_bytes(self.take(width), "big")

    def signed(self, width: int) -> int:
        """Return the next `width` bytes as a big-endian two's complement number."""
        return int.from_bytes(self.take(width), "big", signed=True)

    def finish(self) -> None:
        """Raise `WireError` if bytes are left over."""
        if self.left:
            raise WireError(f"{self.left} bytes left over after the message")
