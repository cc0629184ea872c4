"""Checks that every IPP request passes first, and how a request is refused (RFC 8011 4.1)."""

from __future__ import annotations

import re

from frisket.errors import FrisketError
from frisket.mfd.ipp.printer import PATHS
from frisket.proto.ipp.names import GroupTag, Status, ValueTag
from frisket.proto.ipp.values import Attribute, Group, Message

_URI = re.compile(r"ipps?://[^/\s]+(?P<path>/[^?#\s]*)?", re.IGNORECASE)
_PLACE = re.compile(r"(?P<path>/ipp(?:/print)?)(?:/(?P<job>[0-9]{1,9}))?/?")


class IppRefused(FrisketError):
    """The request is not carried out. `status` says why, `unsupported` which attributes."""

    def __init__(
        self, status: Status, message: str, unsupported: tuple[Attribute, ...] = ()
    ) -> None:
        """Keep the status and what is to be sent back."""
        super().__init__(message)
        self.status = status
        self.unsupported = unsupported


def bad(message: str) -> IppRefused:
    """Return the refusal of a malformed request."""
    return IppRefused(Status.CLIENT_ERROR_BAD_REQUEST, message)


def check_frame(request: Message) -> Group:
    """Return the operation group of a well-formed request, or raise `IppRefused`."""
    if request.version[0] not in {1, 2}:
        raise IppRefused(Status.SERVER_ERROR_VERSION_NOT_SUPPORTED, "IPP 1.x and 2.x only")
    if request.request_id <= 0:
        raise bad("a request-id is greater than 0")
    if not request.groups or request.groups[0].tag != GroupTag.OPERATION:
        raise bad("the operation attributes come first")
    group = request.groups[0]
    names = [each.name for each in group.attributes]
    if names[:2] != ["attributes-charset", "attributes-natural-language"]:
        raise bad("attributes-charset and attributes-natural-language come first, in this order")
    if len(set(names)) != len(names):
        raise bad("an attribute is given twice")
    charset = group.attributes[0]
    if not charset.values or charset.values[0].tag != ValueTag.CHARSET:
        raise bad("attributes-charset is a charset")
    if str(charset.first).lower() not in {"utf-8", "us-ascii"}:
        raise IppRefused(
            Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED, "utf-8 and us-ascii only", (charset,)
        )
    if len(names) > 2 and names[2] not in {"printer-uri", "job-uri"}:
        raise bad("printer-uri or job-uri comes third")
    return group


def first_text(group: Group, name: str) -> str:
    """Return an attribute's first text, "" where there is none."""
    found = group.get(name)
    texts = found.texts() if found else ()
    return texts[0] if texts else ""


def first_number(group: Group, name: str) -> int:
    """Return an attribute's first integer, 0 where there is none."""
    found = group.get(name)
    numbers = found.integers() if found else ()
    return numbers[0] if numbers else 0


def check_target(group: Group) -> int:
    """Return the job number that a request is about, 0 for the printer; or raise `IppRefused`."""
    given = first_text(group, "printer-uri") or first_text(group, "job-uri")
    if not given:
        raise bad("a printer-uri is needed")
    uri = _URI.fullmatch(given)
    if not uri:
        raise IppRefused(Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED, "ipp and ipps only")
    path = uri["path"] or "/"
    place = _PLACE.fullmatch(path)
    if path != "/" and (not place or place["path"] not in PATHS):
        raise IppRefused(Status.CLIENT_ERROR_NOT_FOUND, f"{path[:60]} is no printer")
    if first_text(group, "job-uri") and not first_text(group, "printer-uri"):
        if not place or not place["job"]:
            raise bad("job-uri names no job")
        return int(place["job"])
    return first_number(group, "job-id")
