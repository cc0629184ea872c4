"""What `/api/v1/baselines` and `/api/v1/policies` share: texts in versions, agreed to by two."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Header, Path
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from frisket.console import own_texts
from frisket.console.api.models import Shown
from frisket.console.api.resource import Asked, Listed, Outdated, Words, matches, proposed_as
from frisket.console.faults import NotFound
from frisket.console.own_texts import packaged
from frisket.console.page import Visit
from frisket.store.database import StoreConflict
from frisket.store.texts import Texts, TextVersion

NAME = r"^[a-z0-9][a-z0-9-]*$"
Name = Annotated[str, Path(min_length=1, max_length=60, pattern=NAME)]
Version = Annotated[int, Path(ge=1, le=1 << 31)]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="The ETag of the version it follows"),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=200, description="`*`: there is none of this name"),
]


class TextOut(BaseModel):
    """One baseline or policy. `holding` is the version that was agreed to, null for none."""

    name: str
    title: str
    packaged: bool
    newest: int | None = None
    holding: int | None = None


class VersionOut(Shown):
    """One version; `approved` is null until two persons agreed to it."""

    version: int
    digest: str
    author: str
    note: str
    made: datetime
    approved_by: str
    approved: datetime | None


class TextDetail(TextOut):
    """One baseline or policy with its text, as the command line reads it, and its versions."""

    text: str
    versions: list[VersionOut]


class TextIn(Asked):
    """The text of the next version, and what is new in it."""

    text: Annotated[str, StringConstraints(min_length=1)]
    note: Words = ""


class WhichText(Asked):
    """A packaged one of this name, or a version of an own one; without either, its newest."""

    packaged: bool = False
    version: int | None = Field(default=None, ge=1, le=1 << 31)


class Compared(WhichText):
    """With what: packaged:NAME, own:NAME, own:NAME:VERSION or device:ID."""

    other: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[!-~]+$")]


class DifferenceOut(BaseModel):
    """One line that differs."""

    what: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """The texts of one kind, for a visitor."""

    visit: Visit
    kind: str

    @property
    def _texts(self) -> Texts:
        return Texts(self.visit.services.database, self.kind)

    def listed(self) -> Listed[TextOut]:
        """Return the packaged and the own ones."""
        found = [
            TextOut(name=one.id, title=one.title, packaged=True)
            for one in packaged(self.visit).baselines.values()
        ]
        found += [self._head(self._texts.versions(one.name)) for one in self._texts.newest()]
        return Listed(items=found, next=None)

    def _head(self, versions: Sequence[TextVersion]) -> TextOut:
        newest = versions[0]
        holds = next((one.version for one in versions if one.approved is not None), None)
        return TextOut(
            name=newest.name,
            title=newest.name,
            packaged=False,
            newest=newest.version,
            holding=holds,
        )

    def _versions(self, name: str) -> Sequence[TextVersion]:
        found = self._texts.versions(name)
        if not found:
            raise NotFound
        return found

    def one(self, name: str, which: WhichText) -> Response:
        """Answer with one, and the version of what is newest in ETag. Raises `NotFound`."""
        if which.packaged:
            base = own_texts.source(self.visit, self.kind, f"packaged:{name}")
            text = own_texts.written(base.parsed, self.visit, base.title)
            head = TextOut(name=name, title=base.title, packaged=True)
            detail = TextDetail(**head.model_dump(), text=text, versions=[])
            return _answered(detail, hashlib.sha256(text.encode()).hexdigest())
        versions = self._versions(name)
        wanted = which.version or versions[0].version
        shown = next((one for one in versions if one.version == wanted), None)
        if shown is None:
            raise NotFound
        detail = TextDetail(
            **self._head(versions).model_dump(),
            text=shown.text,
            versions=[VersionOut.model_validate(one) for one in versions],
        )
        return _answered(detail, versions[0].digest)

    def text(self, name: str, which: WhichText) -> Response:
        """Send a text exactly as it was kept; packaged ones are written anew."""
        number = "" if which.version is None else str(which.version)
        return own_texts.exported(self.visit, self.kind, name, number, own=not which.packaged)

    def put(self, name: str, text: TextIn, match: str | None, none: str | None) -> Response:
        """Keep the next version, if the newest is still the one that was read.

        Raises `Outdated` where it is not, and where neither header says what it follows.
        """
        versions = self._texts.versions(name)
        newest = versions[0] if versions else None
        fits = newest is None if match is None else False
        if match is not None and newest is not None:
            fits = matches(match, _tag(newest.digest))
        if not fits or (match is None and none != "*"):
            raise Outdated
        after = newest.version if newest is not None else 0
        written = text.text.replace("\r\n", "\n")
        try:
            own_texts.save(self.visit, self.kind, name, written, text.note, after=after)
        except StoreConflict:
            raise Outdated from None
        answer = self.one(name, WhichText())
        answer.status_code = 200 if after else 201
        return answer

    def diff(self, name: str, asked: Compared) -> Listed[DifferenceOut]:
        """Return what differs between two. Raises `NotFound`, `UsageError`."""
        number = "" if asked.version is None else f":{asked.version}"
        mine = f"packaged:{name}" if asked.packaged else f"own:{name}{number}"
        one, other = (own_texts.source(self.visit, self.kind, ref) for ref in (mine, asked.other))
        found = own_texts.lines(one, other, self.visit)
        shown = [DifferenceOut(what=what, one=was, other=now) for what, was, now in found]
        return Listed(items=shown, next=None)

    def propose(self, name: str, version: int) -> Response:
        """Propose that a version shall hold."""
        self._versions(name)
        one = own_texts.version(self.visit, self.kind, name, str(version))
        return proposed_as(own_texts.proposed(self.visit, one))


def _tag(digest: str) -> str:
    return f'"{digest[:32]}"'


def _answered(detail: TextDetail, digest: str) -> Response:
    headers = {"etag": _tag(digest)}
    return Response(detail.model_dump_json(), 200, headers, media_type="application/json")
