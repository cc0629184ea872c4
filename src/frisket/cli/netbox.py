"""`frisket netbox`: takes devices from a NetBox, and tells it what they say of themselves."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from cyclopts import App

from frisket.cli.support.session import now, read_text
from frisket.cli.support.shown import say

app = App(name="netbox", help="Keep the inventory and a NetBox in step.")

DATABASE = "FRISKET_DATABASE"


@app.default
def netbox(
    url: str,
    *,
    data: Path,
    token_file: Path,
    tag: str = "printer",
    authority: Path | None = None,
    database: str = "",
) -> int:
    """Take in the devices that have a tag, and set their custom fields; nothing is deleted.

    NetBox needs two custom fields of text on devices: frisket_serial and frisket_firmware. Sites
    that are not known are made without a scope: nothing is scanned there until a person writes one.

    Parameters
    ----------
    url
        Where NetBox is: https://netbox.example
    data
        The console's data folder.
    token_file
        File with NetBox's token, which may read devices and change them.
    tag
        Slug of the tag.
    authority
        File with the authority that signed NetBox's certificate. Without it: those of this machine.
    database
        postgresql://… of the console. Without it: FRISKET_DATABASE.
    """
    from frisket.console.build import open_data, open_log
    from frisket.fleet.chain import Act
    from frisket.fleet.netbox import NetBox, Synced, sync
    from frisket.net.web import Web, own_trust, system_trust
    from frisket.store.inventory import Inventory

    token = read_text(token_file, "the token").strip()
    trust = own_trust(read_text(authority, "the authority")) if authority else system_trust()
    opened = open_data(data, database or os.environ.get(DATABASE, ""))

    async def run() -> Synced:
        web = Web(url, trust, limit=16 << 20)
        try:
            return await sync(NetBox(web, token), Inventory(opened), tag, now())
        finally:
            await web.close()

    try:
        open_log(data, opened).record(
            Act("netbox", "netbox.sync", url[:200], "begun", {"tag": tag})
        )
        done = asyncio.run(run())
    finally:
        opened.close()
    for why in done.skipped:
        say(f"not taken: {why}")
    say(
        f"{done.seen} devices at NetBox; {done.taken} new here, {done.sites} new sites, "
        f"{done.told} told to NetBox"
    )
    return 0
