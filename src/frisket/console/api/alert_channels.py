"""`/api/v1/alert-channels`: where alerts go."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from frisket.console.api.alert_rules import Edits
from frisket.console.api.resource import Listed, resources
from frisket.store.alerting import Alerting

ROUTER = resources("alert-channels")


class ChannelOut(BaseModel):
    """Where alerts go; its secret is never shown."""

    id: int
    name: str
    kind: str
    to: dict[str, Any]
    has_secret: bool


@ROUTER.get("")
def channels(visit: Edits) -> Listed[ChannelOut]:
    """List where alerts can go. A channel, which has a secret, is made on the console's page."""
    found = [
        ChannelOut(
            id=one.id,
            name=one.name,
            kind=one.kind,
            to=dict(one.document),
            has_secret=bool(one.secret),
        )
        for one in Alerting(visit.services.database).channels()
    ]
    return Listed(items=found, next=None)
