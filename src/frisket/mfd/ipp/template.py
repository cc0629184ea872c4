"""What one model prints and how: the job template attributes and formats, made once per model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from frisket.mfd.device import Device
from frisket.mfd.document.detect import (
    JPEG,
    PCL,
    PDF,
    POSTSCRIPT,
    PWG_RASTER,
    TEXT,
    UNKNOWN,
    URF,
)
from frisket.mfd.ipp.build import (
    dots,
    enum,
    flag,
    keyword,
    mime,
    number,
    span,
    text,
)
from frisket.mfd.ipp.media import database, media_attributes
from frisket.mfd.personality import Tray
from frisket.proto.ipp.names import Operation, ValueTag
from frisket.proto.ipp.values import Attribute

_FORMATS = {
    "PDF": PDF,
    "PS": POSTSCRIPT,
    "PCL": PCL,
    "PWGRaster": PWG_RASTER,
    "URF": URF,
}
OPERATIONS = (
    Operation.PRINT_JOB,
    Operation.VALIDATE_JOB,
    Operation.CREATE_JOB,
    Operation.SEND_DOCUMENT,
    Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES,
    Operation.GET_JOBS,
    Operation.GET_PRINTER_ATTRIBUTES,
    Operation.HOLD_JOB,
    Operation.RELEASE_JOB,
    Operation.PAUSE_PRINTER,
    Operation.RESUME_PRINTER,
    Operation.CANCEL_MY_JOBS,
    Operation.CLOSE_JOB,
    Operation.IDENTIFY_PRINTER,
    Operation.SET_PRINTER_ATTRIBUTES,
)
# What Set-Printer-Attributes sets (RFC 3380): the setting behind it, and its syntax.
SETTABLE = {
    "printer-dns-sd-name": ("mdns.name", ValueTag.NAME),
    "printer-info": ("device.name", ValueTag.TEXT),
    "printer-location": ("device.location", ValueTag.TEXT),
}
SIDES = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
JOB_ATTRIBUTES = (
    "copies", "finishings", "job-hold-until", "job-name", "job-priority", "job-sheets", "media",
    "media-col", "multiple-document-handling", "number-up", "orientation-requested", "output-bin",
    "page-ranges", "print-color-mode", "print-content-optimize", "print-quality",
    "print-rendering-intent", "print-scaling", "printer-resolution", "sides",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """What the attributes depend on; hashable, so that devices of one model share them."""

    trays: tuple[Tray, ...]
    color: bool
    pages_per_minute: int
    languages: tuple[str, ...]
    airprint: bool = True
    mopria: bool = True

    @classmethod
    def of(cls, device: Device) -> Model:
        """Return what a device is now: <Use AirPrint> off takes URF away, Mopria its mark."""
        found = device.personality
        airprint, mopria = (device.store.on(f"{name}.enabled") for name in ("airprint", "mopria"))
        languages = tuple(word for word in found.languages if airprint or word != "URF")
        trays = tuple(found.trays)
        return cls(trays, found.color, found.pages_per_minute, languages, airprint, mopria)

    @property
    def formats(self) -> tuple[str, ...]:
        """Return the document formats it prints."""
        known = tuple(_FORMATS[word] for word in self.languages if word in _FORMATS)
        return (UNKNOWN, *known, JPEG, TEXT)

    @property
    def color_modes(self) -> tuple[str, ...]:
        """Return the print-color-mode values."""
        return ("auto", "color", "monochrome") if self.color else ("auto", "monochrome")


@lru_cache(maxsize=32)
def template_attributes(model: Model) -> tuple[Attribute, ...]:
    """Return the job template attributes: defaults, supported and ready values."""
    return (
        number("copies-default", 1),
        span("copies-supported", (1, 999)),
        enum("finishings-default", 3),
        enum("finishings-supported", 3),
        keyword("job-hold-until-default", "no-hold"),
        keyword("job-hold-until-supported", "no-hold", "indefinite"),
        number("job-priority-default", 50),
        number("job-priority-supported", 1),
        keyword("job-sheets-default", "none"),
        keyword("job-sheets-supported", "none"),
        *media_attributes(model.trays),
        keyword("multiple-document-handling-default", "separate-documents-collated-copies"),
        keyword("multiple-document-handling-supported", "separate-documents-collated-copies"),
        number("number-up-default", 1),
        number("number-up-supported", 1),
        enum("orientation-requested-default", 3),
        enum("orientation-requested-supported", 3, 4, 5, 6),
        keyword("output-bin-default", "face-down"),
        keyword("output-bin-supported", "face-down"),
        flag("page-ranges-supported", value=True),
        keyword("print-color-mode-default", "auto"),
        keyword("print-color-mode-supported", *model.color_modes),
        keyword("print-content-optimize-default", "auto"),
        keyword("print-content-optimize-supported", "auto"),
        enum("print-quality-default", 4),
        enum("print-quality-supported", 3, 4, 5),
        keyword("print-rendering-intent-default", "auto"),
        keyword("print-rendering-intent-supported", "auto"),
        keyword("print-scaling-default", "auto"),
        keyword("print-scaling-supported", "auto", "auto-fit", "fill", "fit", "none"),
        dots("printer-resolution-default", 600),
        dots("printer-resolution-supported", 300, 600, 1200),
        keyword("sides-default", "one-sided"),
        keyword("sides-supported", *SIDES),
    )


@lru_cache(maxsize=32)
def media_database(model: Model) -> Attribute:
    """Return media-col-database, which is given only to who asks for it by name (PWG 5100.7)."""
    return database(model.trays)


@lru_cache(maxsize=32)
def fixed_attributes(model: Model) -> tuple[Attribute, ...]:
    """Return the printer description attributes that never change."""
    return (*_protocol(model), *_documents(model), *_job_creation(model))


def _protocol(model: Model) -> Iterator[Attribute]:
    charset, language = ValueTag.CHARSET, ValueTag.NATURAL_LANGUAGE
    yield Attribute.of("charset-configured", charset, "utf-8")
    yield Attribute.of("charset-supported", charset, "utf-8", "us-ascii")
    yield Attribute.of("natural-language-configured", language, "en")
    # The locale oddity that a C3325 shows (facts 3.5) is German there; English stays first here.
    yield Attribute.of("generated-natural-language-supported", language, "en", "de-nl")
    yield keyword("ipp-versions-supported", "1.0", "1.1", "2.0")
    airprint = ("airprint-1.4",) if model.airprint else ()
    yield keyword("ipp-features-supported", "ipp-everywhere", *airprint)
    if model.mopria:
        yield text("mopria-certified", "1.3")
    yield enum("operations-supported", *OPERATIONS)
    yield keyword("identify-actions-default", "display")
    yield keyword("identify-actions-supported", "display", "sound")
    yield keyword("which-jobs-supported", "completed", "not-completed", "all")
    yield flag("job-ids-supported", value=True)
    yield flag("preferred-attributes-supported", value=False)
    yield number("multiple-operation-time-out", 120)
    yield keyword("multiple-operation-time-out-action", "abort-job")
    yield flag("multiple-document-jobs-supported", value=False)
    yield keyword("printer-get-attributes-supported", "document-format")


def _documents(model: Model) -> Iterator[Attribute]:
    color = ("SRGB24",) if model.color else ()
    raster = ("srgb_8",) if model.color else ()
    yield keyword("compression-supported", "none", "deflate", "gzip")
    yield mime("document-format-default", UNKNOWN)
    yield mime("document-format-supported", *model.formats)
    yield mime("document-format-preferred", PDF)
    yield keyword("pdf-versions-supported", "adobe-1.3", "adobe-1.4", "iso-32000-1_2008")
    yield span("jpeg-k-octets-supported", (0, 524_288))
    yield span("jpeg-x-dimension-supported", (1, 65_535))
    yield span("jpeg-y-dimension-supported", (1, 65_535))
    yield span("pdf-k-octets-supported", (0, 524_288))
    yield keyword("pdl-override-supported", "attempted")
    yield dots("pwg-raster-document-resolution-supported", 300, 600)
    yield keyword("pwg-raster-document-sheet-back", "normal")
    yield keyword("pwg-raster-document-type-supported", "sgray_8", "black_1", *raster)
    if not model.airprint:
        return
    features = ("V1.4", "CP999", "W8", *color, "RS300-600", "DM1", "MT1", "OB10", "PQ3-4-5", "FN3")
    yield keyword("urf-supported", *features)


def _job_creation(model: Model) -> Iterator[Attribute]:
    yield flag("color-supported", value=model.color)
    yield number("pages-per-minute", model.pages_per_minute)
    if model.color:
        yield number("pages-per-minute-color", model.pages_per_minute)
    yield keyword("job-creation-attributes-supported", *JOB_ATTRIBUTES)
    yield keyword("job-settable-attributes-supported", "none")
    yield keyword("printer-settable-attributes-supported", *SETTABLE)
    yield span("job-k-octets-supported", (0, 524_288))
    yield span("job-impressions-supported", (0, 50_000))
    yield span("job-media-sheets-supported", (0, 50_000))
    yield number("job-password-supported", 7)
    yield keyword("job-password-encryption-supported", "none")
    yield keyword("job-password-repertoire-configured", "iana_us-ascii_digits")
    yield keyword("job-password-repertoire-supported", "iana_us-ascii_digits")
    yield keyword("overrides-supported", "none")
    yield keyword("print-processing-attributes-supported", "print-color-mode")
    yield enum("landscape-orientation-requested-preferred", 4)
    yield keyword("printer-kind", "document")
