"""A paper as one HTML file: styles inside, no script, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from frisket.catalog.load import content
from frisket.report.figures import moment
from frisket.report.paper import Bars, Figures, Grid, Heading, Paper, Words, cleaned

_KINDS: Final = {
    Heading: "heading",
    Words: "words",
    Figures: "figures",
    Bars: "bars",
    Grid: "grid",
}


def paper_html(paper: Paper) -> bytes:
    """Return a paper as HTML; everything in it is escaped."""
    shown = cleaned(paper)
    style = content("templates", "paper.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    source = content("templates", "paper.html.j2").read_text(encoding="utf-8")
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = made.from_string(source).render(
        paper=shown,
        blocks=[(_KINDS[type(block)], block) for block in shown.blocks],
        made=moment(shown.made),
        style=Markup(style),  # noqa: S704 - our own file, which the hash holds to what it is
        style_hash=f"sha256-{digest}",
    )
    return page.encode()
