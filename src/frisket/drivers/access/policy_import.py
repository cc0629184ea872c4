"""Brings a policy into a device that takes one by import only. Not for those who only look.

The device's own settings file is fetched, its policy replaced, and the file given back: so nothing
else changes. The device restarts by itself afterwards.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace

from frisket.audit.sheet import Sheet
from frisket.drivers.access.form import read_page
from frisket.drivers.access.web_hand import WebHand
from frisket.drivers.base import PolicyTable, Settings
from frisket.errors import Busy, SettingRefused, WireError
from frisket.proto.dcm.wire import Exported, read_exported, seal, unseal, write_exported
from frisket.proto.http.wire import Response


def with_policy(exported: Exported, sheet: Sheet, settings: Settings, password: str) -> Exported:
    """Return a device's settings with another policy; of `settings` those that travel are taken."""
    travelling = {key: value for key, value in settings.items() if key in exported.settings}
    return replace(
        exported,
        settings={**exported.settings, **travelling},
        items=sheet.items,
        parameters={**exported.parameters, **sheet.values},
        policy_password=password,
    )


async def take_in(
    web: WebHand,
    table: PolicyTable,
    change: Callable[[Exported], Exported],
    entropy: Callable[[int], bytes],
) -> None:
    """Fetch the settings file, change it, give it back, and wait until the device is there again.

    Raises `SettingRefused` where the device does not take it, as where the policy passwords differ.
    """
    word = base64.urlsafe_b64encode(entropy(18)).decode()
    token = await _token(web)
    secret = [("password", word), ("again", word)]
    answer = await web.browser.send("POST", table.leave, [token, *secret])
    if answer.status != 200 or answer.cut:
        raise SettingRefused(f"the settings are not given out: {_why(answer, table)}")
    exported = read_exported(unseal(answer.body, word))
    file = seal(write_exported(change(exported)), word, entropy)
    fields = [await _token(web), ("password", word), ("settings", "on")]
    answer = await web.browser.send("POST", table.enter, fields, ("file", file))
    if answer.status == 503:
        raise Busy("the import: the Remote UI is busy")
    if answer.status != 200:
        raise SettingRefused(f"the import: {_why(answer, table)}")
    await web.wait_back()


async def _token(web: WebHand) -> tuple[str, str]:
    page = await web.browser.send("GET", web.table.waiting)
    if page.status != 200 or page.cut:
        raise WireError(f"the Remote UI answers {page.status} for {web.table.waiting}")
    return web.table.token, read_page(page.body).hidden.get(web.table.token, ("",))[0]


def _why(answer: Response, table: PolicyTable) -> str:
    found = re.search(table.refusal, answer.body.decode("utf-8", "replace"))
    return found[1].strip() if found else f"the Remote UI answers {answer.status}"
