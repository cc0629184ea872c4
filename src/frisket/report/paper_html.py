"""A paper as one HTML file: styles inside, no script, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from frisket.catalog.load import content
from frisket.report.paper import (
    Bars,
    Figures,
    Grid,
    Heading,
    Paper,
    Words,
    clean_blocks,
    headed,
)

_KINDS: Final = {
    Heading: "heading",
    Words: "words",
    Figures: "figures",
    Bars: "bars",
    Grid: "grid",
}
_TOGETHER: Final = 2000  # pieces of the page that leave together


def paper_html(paper: Paper) -> Iterator[bytes]:
    """Yield a paper as HTML while its blocks and rows come; everything in it is escaped."""
    style = content("templates", "paper.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    source = content("templates", "paper.html.j2").read_text(encoding="utf-8")
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    speech = paper.speech
    page = made.from_string(source).stream(
        paper=headed(paper),
        blocks=((_KINDS[type(block)], block) for block in clean_blocks(paper)),
        made=speech.say("Made %(when)s", when=speech.moment(paper.made)),
        nothing=speech.say("None."),
        language=speech.language.replace("_", "-"),
        style=Markup(style),  # noqa: S704 - our own file, which the hash holds to what it is
        style_hash=f"sha256-{digest}",
    )
    page.enable_buffering(_TOGETHER)
    for piece in page:
        yield piece.encode()
