"""The one exception tree.

FrisketError
├── UsageError        what the user asked for cannot be done as asked (exit 2)
├── ContentError      a file of settings, rules, baselines or devices is malformed
├── CaptureError      a recorded capture cannot be read
├── WireError         bytes that are not the protocol they claim to be
├── LinkError         the network did not carry the conversation
│   ├── Refused       the other side said no (RST, ICMP port unreachable)
│   ├── Filtered      nothing came back to a connection attempt
│   ├── Unreachable   no route, or no such host
│   ├── Reset         an open connection was cut
│   ├── Silent        the peer was reached, or may have been, and did not answer in time
│   ├── TlsFailed     the TLS handshake did not succeed
│   ├── BudgetSpent   this visit used up its packets, bytes, connections or time
│   └── Guarded       a byte was about to be sent to a print port
└── SettingRefused    a device did not accept a value
    └── Busy          ... now; it may later
"""

from __future__ import annotations


class FrisketError(Exception):
    """Something Frisket knows how to explain."""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        """Keep the message (default: the docstring's first line) and what the user can do next."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.hint = hint


class UsageError(FrisketError):
    """The command cannot be carried out as given."""


class ContentError(FrisketError):
    """A content file is malformed."""


class CaptureError(FrisketError):
    """A recorded capture cannot be read."""


class WireError(FrisketError):
    """The bytes are not the protocol they claim to be."""


class LinkError(FrisketError):
    """The network did not carry the conversation."""


class Refused(LinkError):
    """The connection was refused."""


class Filtered(LinkError):
    """No answer to the connection attempt."""


class Unreachable(LinkError):
    """The host cannot be reached."""


class Reset(LinkError):
    """The connection was cut."""


class Silent(LinkError):
    """No answer in time."""


class TlsFailed(LinkError):
    """The TLS handshake failed."""


class BudgetSpent(LinkError):
    """This visit's budget is spent."""


class Guarded(LinkError):
    """Sending to a print port is forbidden."""


class SettingRefused(FrisketError):
    """The device does not accept this value."""


class Busy(SettingRefused):
    """The device is busy: it did not take the values now."""
