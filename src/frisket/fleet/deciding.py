"""Who sees what waits for a second person: what is of other sites is not there. Pure."""

from __future__ import annotations

from collections.abc import Collection

from frisket.fleet.act import Body, ProposedAct
from frisket.fleet.roles import Reach


def is_seen(
    act: ProposedAct, body: Body, where: Reach, *, own: bool, sites: Collection[int] | None = None
) -> bool:
    """Say whether whoever may see such things in `where` sees this one.

    `sites` are those that it changes devices at, where it is known; what concerns no site, such as
    an account, takes the right everywhere. One's own proposals are always seen.
    """
    if own or where.everywhere:
        return True
    if sites is not None:
        return bool(sites) and all(site in where for site in sites)
    site = act.where(body) if act.where is not None else None
    return site is not None and site in where
