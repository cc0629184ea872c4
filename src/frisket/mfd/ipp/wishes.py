"""From the attributes of a job creation request to a ticket, and what of them cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from frisket.mfd.device import Device
from frisket.mfd.document.model import name_of
from frisket.mfd.ipp.media import supported
from frisket.mfd.ipp.refusal import IppRefused, first_text
from frisket.mfd.ipp.template import SIDES, Model
from frisket.mfd.ticket import Ticket
from frisket.proto.ipp.names import GroupTag, Status, ValueTag
from frisket.proto.ipp.values import Attribute, Collection, Group, Message, Range, Value

_FIXED: Mapping[str, frozenset[str | int]] = {
    "finishings": frozenset({3}),
    "job-priority": frozenset(range(1, 101)),
    "job-sheets": frozenset({"none"}),
    "multiple-document-handling": frozenset(
        {
            "separate-documents-collated-copies",
            "separate-documents-uncollated-copies",
        }
    ),
    "number-up": frozenset({1}),
    "orientation-requested": frozenset({3, 4, 5, 6}),
    "output-bin": frozenset({"face-down", "auto"}),
    "print-content-optimize": frozenset({"auto"}),
    "print-quality": frozenset({3, 4, 5}),
    "print-rendering-intent": frozenset({"auto"}),
    "print-scaling": frozenset({"auto", "auto-fit", "fill", "fit", "none"}),
    "job-hold-until": frozenset({"no-hold", "indefinite"}),
}
_IGNORED = frozenset({"job-name", "printer-resolution", "ipp-attribute-fidelity"})
_MOST_RANGES = 100
_COMPRESSIONS = frozenset({"none", "gzip", "deflate"})


def media_of(attribute: Attribute) -> str:
    """Return the media name of a media-col, by its size name or its dimensions; "" unknown."""
    column = attribute.first
    if not isinstance(column, Collection):
        return ""
    name = column.get("media-size-name")
    if name is not None and name.texts():
        return name.texts()[0]
    size = column.get("media-size")
    if size is None or not isinstance(size.first, Collection):
        return ""
    sides = [size.first.get(axis) for axis in ("x-dimension", "y-dimension")]
    numbers = [side.integers()[0] for side in sides if side is not None and side.integers()]
    return name_of(numbers[0], numbers[1]) if len(numbers) == 2 else ""


def page_ranges(attribute: Attribute) -> tuple[tuple[int, int], ...]:
    """Return page ranges that rise and do not overlap (RFC 8011 5.2.7), else nothing."""
    found = [(v.data.low, v.data.high) for v in attribute.values if isinstance(v.data, Range)]
    ends = [page for pair in found for page in pair]
    rising = all(low <= high for low, high in found) and ends == sorted(ends)
    apart = all(before[1] < after[0] for before, after in pairwise(found))
    return tuple(found[:_MOST_RANGES]) if rising and apart and ends and ends[0] > 0 else ()


def _apply(device: Device, ticket: Ticket, attribute: Attribute) -> Ticket | None:
    """Return the ticket with one job attribute, None where the device has no such value."""
    model = Model.of(device)
    text, number = (attribute.texts() or ("",))[0], (attribute.integers() or (0,))[0]
    match attribute.name:
        case "copies":
            return replace(ticket, copies=number) if 1 <= number <= 999 else None
        case "sides":
            return replace(ticket, two_sided=text != SIDES[0]) if text in SIDES else None
        case "print-color-mode":
            return replace(ticket, color=text) if text in model.color_modes else None
        case "media":
            return replace(ticket, media=text) if text in supported(model.trays) else None
        case "media-col":
            media = media_of(attribute)
            return replace(ticket, media=media) if media in supported(model.trays) else None
        case "page-ranges":
            ranges = page_ranges(attribute)
            return replace(ticket, ranges=ranges) if ranges else None
        case name if name in _FIXED:
            allowed = text in _FIXED[name] or number in _FIXED[name]
            held = name == "job-hold-until" and text == "indefinite"
            return replace(ticket, hold=ticket.hold or held) if allowed else None
        case name if name in _IGNORED:
            return ticket
        case _:
            return None


def _pin(group: Group, ticket: Ticket) -> Ticket:
    given = group.get("job-password")
    if given is None:
        return ticket
    way = first_text(group, "job-password-encryption") or "none"
    raw = given.first
    if way != "none" or not isinstance(raw, bytes) or not raw.isdigit() or len(raw) > 7:
        raise IppRefused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "job-password takes 1 to 7 digits, unencrypted",
            (Attribute("job-password", (Value(ValueTag.UNSUPPORTED, None),)),),
        )
    return replace(ticket, pin=raw.decode())


def compression_of(group: Group) -> str:
    """Return the document's compression, or raise `IppRefused`."""
    found = first_text(group, "compression") or "none"
    if found not in _COMPRESSIONS:
        raise IppRefused(
            Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
            "none, gzip and deflate only",
            tuple(each for each in group.attributes if each.name == "compression"),
        )
    return found


def format_of(device: Device, group: Group) -> str:
    """Return the document's announced format ("" for none), or raise `IppRefused`."""
    found = first_text(group, "document-format").lower()
    known = {name.lower(): name for name in Model.of(device).formats}
    if found and found not in known:
        raise IppRefused(
            Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
            f"{found[:60]} is not supported",
            tuple(each for each in group.attributes if each.name == "document-format"),
        )
    return known.get(found, "")


def ticket_of(
    device: Device, request: Message, group: Group, ticket: Ticket
) -> tuple[Ticket, tuple[Attribute, ...]]:
    """Return the ticket of a request and the attributes that are ignored.

    With ipp-attribute-fidelity nothing may be ignored: then it raises `IppRefused`.
    """
    name = first_text(group, "job-name") or first_text(group, "document-name")
    ticket = replace(ticket, name=name, format=format_of(device, group))
    ticket = _pin(group, ticket)
    refused: list[Attribute] = []
    for part in request.groups_of(GroupTag.JOB):
        for attribute in part.attributes:
            better = _apply(device, ticket, attribute)
            if better is None:
                refused.append(attribute)
            else:
                ticket = better
    if not ticket.media:
        # Without a wish the page is scaled onto the default paper (print-scaling auto).
        ticket = replace(ticket, media=device.personality.trays[0].media)
    fidelity = group.get("ipp-attribute-fidelity")
    if refused and fidelity is not None and fidelity.first is True:
        raise IppRefused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "not all of this can be had",
            tuple(refused),
        )
    return ticket, tuple(refused)
