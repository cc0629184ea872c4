"""Own baselines and policies: checked like packaged ones, kept by version, used once approved."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from frisket.audit.baseline import Baseline
from frisket.audit.baseline_file import check_name, read_baseline
from frisket.audit.load import Content, with_baselines
from frisket.audit.sheet import Sheet, read_sheet
from frisket.errors import UsageError
from frisket.store.database import Database
from frisket.store.texts import Texts

BASELINE = "baseline"
POLICY = "policy"


def check_own_name(kind: str, name: str, packaged: Content) -> str:
    """Return a name that an own text may have, or raise `UsageError`."""
    check_name(name)
    if kind == BASELINE and name in packaged.baselines:
        raise UsageError(f"{name} is a packaged baseline", hint="give yours another name")
    return name


def check_text(kind: str, name: str, text: str, packaged: Content) -> Baseline | Sheet:
    """Return what a text says, judged by the loader of packaged ones, or raise `UsageError`."""
    check_own_name(kind, name, packaged)
    if kind == POLICY:
        return read_sheet(text, name, packaged)
    baseline = read_baseline(text, name, packaged)
    if baseline.id != name:
        raise UsageError(f"the text says id = {baseline.id!r}, not {name!r}")
    return baseline


@dataclass(frozen=True, slots=True)
class OwnBaselines:
    """The approved own baselines beside the packaged content. Texts are parsed once."""

    database: Database
    packaged: Content
    _parsed: MutableMapping[str, Baseline] = field(default_factory=dict)

    def content(self) -> Content:
        """Return the content with every approved own baseline. Raises `StoreFault`.

        One that a newer Frisket's rules no longer bear is left out; its page says why.
        """
        texts = Texts(self.database, BASELINE)
        found = []
        for name, digest in texts.holding().items():
            if digest not in self._parsed:
                text = texts.text(name, digest)
                parsed = None if text is None else borne(name, text, self.packaged)
                if parsed is None:
                    continue
                self._parsed[digest] = parsed
            found.append(self._parsed[digest])
        return with_baselines(self.packaged, found) if found else self.packaged


def borne(name: str, text: str, packaged: Content) -> Baseline | None:
    """Return the baseline of a text, None where today's rules do not bear it."""
    try:
        baseline = check_text(BASELINE, name, text, packaged)
    except UsageError:
        return None
    return baseline if isinstance(baseline, Baseline) else None
