"""Which devices are meant: the same names, with the same meaning, as in the console's addresses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from frisket.console.api.resource import NUMBER, Asked, Paged, Words
from frisket.model.condition import Condition, read_condition

Share = Annotated[float, Field(ge=0, le=100, description="Percent")]
_SHARES = ("score_below", "coverage_below")


class Filters(Asked):
    """Devices that meet all of it; several values of one name are alternatives."""

    q: Words = Field(default="", description="Text anywhere in a device's marks, every word of it")
    site: list[Words] = Field(default=[], max_length=50, description="Names of sites")
    state: list[Literal["new", "managed", "retired"]] = Field(default=[], max_length=50)
    status: list[Words] = Field(default=[], max_length=50)
    vendor: list[Words] = Field(default=[], max_length=50)
    model: list[Words] = Field(default=[], max_length=50)
    firmware: list[Words] = Field(default=[], max_length=50)
    tag: list[Words] = Field(default=[], max_length=50)
    group: list[Words] = Field(default=[], max_length=50, description="Names of groups")
    worst: list[Literal["high", "medium", "low", "none"]] = Field(
        default=[], max_length=50, description="The highest severity that fails"
    )
    score_below: float | None = Field(
        default=None, ge=0, le=100, description="Percent of compliance"
    )
    coverage_below: float | None = Field(
        default=None, ge=0, le=100, description="Percent of coverage"
    )
    toner_below: int | None = Field(default=None, ge=0, le=100, description="Percent of any supply")
    unseen_days: int | None = Field(default=None, ge=0, le=10_000)
    unaudited: bool = False

    def condition(self) -> Condition:
        """Return what it means. Raises `UsageError`."""
        table = {name: getattr(self, name) for name in Filters.model_fields}
        for name in _SHARES:
            if table[name] is not None:
                table[name] /= 100
        return read_condition(table)


class StrictFilters(Filters):
    """The same in a body, where a number is no text and no truth value."""

    score_below: Annotated[Share, NUMBER] | None = None
    coverage_below: Annotated[Share, NUMBER] | None = None
    toner_below: Annotated[int, Field(ge=0, le=100), NUMBER] | None = None
    unseen_days: Annotated[int, Field(ge=0, le=10_000), NUMBER] | None = None
    unaudited: Annotated[bool, Field(strict=True)] = False


class FilteredPage(Filters, Paged):
    """A page of the devices that are meant."""
