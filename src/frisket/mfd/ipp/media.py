"""Paper in IPP: media names, media-col and its database (PWG 5100.3, 5100.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from frisket.mfd.document.model import MEDIA, dimensions
from frisket.mfd.ipp.build import collections, keyword, number
from frisket.mfd.personality import Tray
from frisket.proto.ipp.names import ValueTag
from frisket.proto.ipp.values import Attribute, Collection, Value

_MARGIN = 420  # hundredths of a millimetre that the engine leaves white
_SMALL_ENGINE = (21590, 35560)  # an A4 device takes nothing larger than legal


def supported(trays: Iterable[Tray]) -> tuple[str, ...]:
    """Return the media names a device takes: A3 and the like only with a tray for it."""
    large = any((dimensions(tray.media) or (0, 0))[1] > _SMALL_ENGINE[1] for tray in trays)
    return tuple(
        name
        for name, (width, length) in MEDIA.items()
        if large or (width <= _SMALL_ENGINE[0] and length <= _SMALL_ENGINE[1])
    )


def source(index: int) -> str:
    """Return the media-source keyword of a tray (from 0)."""
    return f"tray-{index + 1}"


def _size(media: str) -> Value:
    width, length = dimensions(media) or (21000, 29700)
    members = (number("x-dimension", width), number("y-dimension", length))
    return Value(ValueTag.BEGIN_COLLECTION, Collection(members))


def column(media: str, tray: str = "", *, key: bool = True) -> Iterator[Attribute]:
    """Yield the members of one media-col."""
    if key:
        yield keyword("media-key", f"{media}_{tray or 'any'}_stationery")
    yield Attribute("media-size", (_size(media),))
    yield keyword("media-size-name", media)
    for side in ("bottom", "left", "right", "top"):
        yield number(f"media-{side}-margin", _MARGIN)
    if tray:
        yield keyword("media-source", tray)
    yield keyword("media-type", "stationery")


def media_attributes(trays: tuple[Tray, ...]) -> Iterator[Attribute]:
    """Yield every media attribute of the printer but the database."""
    names = supported(trays)
    default = trays[0].media
    ready = tuple(dict.fromkeys(tray.media for tray in trays))
    sources = tuple(source(n) for n in range(len(trays)))
    yield keyword("media-default", default)
    yield keyword("media-supported", *names)
    yield keyword("media-ready", *ready)
    yield collections("media-col-default", [column(default, sources[0])])
    yield collections(
        "media-col-ready", [column(tray.media, source(n)) for n, tray in enumerate(trays)]
    )
    yield keyword(
        "media-col-supported",
        "media-bottom-margin",
        "media-left-margin",
        "media-right-margin",
        "media-size",
        "media-size-name",
        "media-source",
        "media-top-margin",
        "media-type",
    )
    sizes = tuple(Value(ValueTag.BEGIN_COLLECTION, _plain_size(name)) for name in names)
    yield Attribute("media-size-supported", sizes)
    yield keyword("media-source-supported", "auto", *sources)
    yield keyword("media-type-supported", "stationery")
    for side in ("bottom", "left", "right", "top"):
        yield number(f"media-{side}-margin-supported", _MARGIN)


def _plain_size(media: str) -> Collection:
    width, length = dimensions(media) or (21000, 29700)
    return Collection((number("x-dimension", width), number("y-dimension", length)))


def database(trays: tuple[Tray, ...]) -> Attribute:
    """Return media-col-database: every media in every tray."""
    rows = [
        column(name, source(n), key=False) for name in supported(trays) for n in range(len(trays))
    ]
    return collections("media-col-database", rows)
