"""What all resources of the interface share: bounded bodies, pages, versions, keys of orders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar

from fastapi import APIRouter, Depends, Header, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from frisket.console.api.access import Needs, interface
from frisket.console.faults import Fault
from frisket.console.guard import bounded
from frisket.console.page import Visit
from frisket.errors import FrisketError
from frisket.fleet.asked import Asker, fresh_mark
from frisket.fleet.evidence import LARGEST
from frisket.fleet.roles import Permission
from frisket.store.changing import Changing
from frisket.store.onetime import OneTime

BODY: Final = 1 << 20  # octets
LONG_BODY: Final = 8 << 20  # of a list of devices
FILE_BODY: Final = LARGEST + (1 << 16)  # of one file of evidence
_KEPT: Final = timedelta(hours=24)
_UNDER_WAY: Final = 60.0  # seconds in which an order is thought to be carried out
_MOST_IDS: Final = 1 << 53

T = TypeVar("T")


class Numbered(Protocol):
    """A row that has a number."""

    @property
    def id(self) -> int:
        """Return it."""


R = TypeVar("R", bound=Numbered)
_ROUNDS: Final = 20  # fetches for one page of which little may be seen

# Databases refuse NUL, and nothing here is written over several lines.
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _number(value: object) -> object:
    """Let through what is a number in JSON: neither a text nor a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is asked for")  # noqa: TRY004 - pydantic's way
    return value


NUMBER: Final = BeforeValidator(_number)
Id = Annotated[int, Field(ge=1, le=_MOST_IDS), NUMBER]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Path(ge=1, le=_MOST_IDS)]
Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag that the change was made from; `*` changes whatever is there",
    ),
]
OrderKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="A word of your own: the same one twice within a day is one order",
    ),
]
Sees = Annotated[Visit, Depends(Needs(Permission.SEE_FLEET))]


class Outdated(Fault):
    """It was changed since you read it; read it again."""

    status = 412
    title = "Changed meanwhile"


class OtherOrder(Fault):
    """This Idempotency-Key stands for another order already."""

    status = 409
    title = "The key is used"


class UnderWay(Fault):
    """The order of this Idempotency-Key is being carried out; ask again in a minute."""

    status = 409
    title = "It is under way"


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    hint: str = ""


class Asked(BaseModel):
    """A base of what is sent: a name that is not known is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


class Reason(Asked):
    """Why it is decided so."""

    reason: Words = ""


class Paged(Asked):
    """Which page of a list is asked for."""

    cursor: Cursor | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=100, ge=1, le=1000)


class Listed(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the following one, null at the end."""

    items: list[T]
    next: str | None


class Proposed(BaseModel):
    """What waits for a second person now: `/api/v1/approvals/{approval}`."""

    approval: int


def proposed_as(number: int) -> Response:
    """Answer 201 with the proposal that was made."""
    headers = {"location": f"/api/v1/approvals/{number}"}
    body = Proposed(approval=number).model_dump_json()
    return Response(body, 201, headers, media_type="application/json")


class _Bounded(APIRoute):
    """A route whose body ends somewhere."""

    most = BODY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def answer_bounded(request: Request) -> Response:
            # Read here: within, a body that is too long would be told as one that is malformed.
            near = Request(request.scope, bounded(request.receive, self.most))
            await near.body()
            return await answer(near)

        return answer_bounded


class LongBody(_Bounded):
    """A route that takes lists of devices."""

    most = LONG_BODY


class FileBody(_Bounded):
    """A route that takes one file of evidence."""

    most = FILE_BODY


def resources(area: str, route: type[_Bounded] = _Bounded) -> APIRouter:
    """Return the router of an area below `/api/v1`."""
    router = interface(area)
    router.route_class = route
    router.generate_unique_id_function = lambda route: f"{area}-{route.name}".replace("_", "-")
    return router


def listing(items: Sequence[T], size: int, mark: Callable[[], int]) -> Listed[T]:
    """Return a page; `mark` gives the id of its last row, where there may be more."""
    return Listed(items=list(items), next=str(mark()) if len(items) >= size else None)


def filled(
    fetch: Callable[[int | None, int], Sequence[R]],
    keep: Callable[[R], bool],
    asked: Paged,
) -> tuple[list[R], str | None]:
    """Return a page of rows, the newest first, of which not all may be seen; and the next cursor.

    `fetch` returns so many rows below an id. A page may be short though more follow.
    """
    found: list[R] = []
    last = below(asked)
    for _ in range(_ROUNDS):
        rows = fetch(last, asked.limit)
        for row in rows:
            last = row.id
            if keep(row):
                found.append(row)
                if len(found) == asked.limit:
                    return found, str(last)
        if len(rows) < asked.limit:
            return found, None
    return found, str(last)


def after(paged: Paged) -> int:
    """Return the id that a page follows."""
    return int(paged.cursor) if paged.cursor else 0


def below(paged: Paged) -> int | None:
    """Return the id that a page of a list with the newest first lies below."""
    return int(paged.cursor) if paged.cursor else None


def version_of(body: BaseModel) -> str:
    """Return the strong entity tag of a representation (RFC 9110 section 8.8.3)."""
    return f'"{hashlib.sha256(body.model_dump_json().encode()).hexdigest()[:32]}"'


def matches(header: str, version: str) -> bool:
    """Say whether If-Match or If-None-Match names a version."""
    named = [one.strip() for one in header.split(",")]
    return "*" in named or version in named


def answered(visit: Visit, body: BaseModel, status: int = 200) -> Response:
    """Return a representation with its version; nothing but that where the asker has it."""
    version = version_of(body)
    headers = {"etag": version}
    known = visit.request.headers.get("if-none-match", "")
    if visit.request.method == "GET" and known and matches(known, version):
        return Response(status_code=304, headers=headers)
    return Response(body.model_dump_json(), status, headers, media_type="application/json")


def asker(visit: Visit, key: str | None, order: BaseModel | None, about: str) -> Asker:
    """Return who orders work, with a mark that is the same for the same key and order.

    Raises `OtherOrder` where the key came with another order before.
    """
    if key is None:
        return Asker(visit.person.name, fresh_mark(visit.now))
    name, what = _order_of(visit, key, order, about)
    changing = Changing(visit.services.database)
    if not changing.first_of(name, what, now=visit.now, expires=visit.now + _KEPT):
        raise OtherOrder
    return Asker(visit.person.name, f"key-{hashlib.sha256(name.encode()).hexdigest()[:20]}")


def once(
    visit: Visit, key: str | None, order: BaseModel | None, about: str, make: Callable[[], int]
) -> int:
    """Make a thing and return its number; the same key and order again return that number.

    Raises `OtherOrder`, and `UnderWay` while the first one has not ended. One that was cut short
    by a crash is made anew.
    """
    if key is None:
        return make()
    name, what = _order_of(visit, key, order, about)
    changing, now = Changing(visit.services.database), visit.now
    claim = OneTime(what.purpose, what.account, {**what.body, "at": now.timestamp()})
    found = changing.claimed(name, claim, now=now, expires=now + _KEPT)
    if found is not None:
        if found.body["print"] != what.body["print"]:
            raise OtherOrder
        if "number" in found.body:
            return int(found.body["number"])
        if now.timestamp() - found.body["at"] < _UNDER_WAY:
            raise UnderWay
    try:
        number = make()
    except FrisketError:
        changing.settle(name, None)  # it was refused: nothing stands for the key
        raise
    changing.settle(name, {**claim.body, "number": number})
    return number


def _order_of(visit: Visit, key: str, order: BaseModel | None, about: str) -> tuple[str, OneTime]:
    account = visit.person.account.id
    name = json.dumps(["idempotency", account, about, key])
    print_ = "" if order is None else hashlib.sha256(order.model_dump_json().encode()).hexdigest()
    return name, OneTime("idempotency", account, {"print": print_})
