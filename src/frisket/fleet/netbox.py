"""Keeps the inventory and a NetBox in step: takes devices from it, tells it what devices say.

Devices with a tag are taken in where they are not known; serial number and firmware go into custom
fields of theirs. Nothing is ever deleted on either side, and a site that is made here has no scope:
NetBox does not decide what is scanned. By NetBox's REST interface (`/api/dcim/devices/`, v3 and 4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from frisket.errors import FrisketError
from frisket.fleet.inventory import Sighting, take_in
from frisket.model.target import Identity
from frisket.net.web import Answer, Web
from frisket.store.inventory import Inventory

PAGE: Final = 200
_MOST: Final = 100_000  # devices of one NetBox
_LONG: Final = 200  # characters of one text
_MALFORMED: Final = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError),
)
SERIAL: Final = "frisket_serial"
FIRMWARE: Final = "frisket_firmware"


class NetBoxFault(FrisketError):
    """NetBox refused, or answered something else than its documentation says."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A device as NetBox has it."""

    id: int
    site: str
    address: str
    identity: Identity
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Synced:
    """What one run did. `skipped` says which devices were not taken, and why."""

    seen: int = 0
    taken: int = 0
    sites: int = 0
    told: int = 0
    skipped: tuple[str, ...] = ()


def _text(value: object, *names: str) -> str:
    """Return a text within tables by its names, bounded; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value.strip()[:_LONG] if isinstance(value, str) else ""


def read_devices(body: bytes) -> tuple[list[Recorded], bool]:
    """Return the devices of one page, and whether more follow. Raises `NetBoxFault`."""
    try:
        page = json.loads(body)
        rows, more = page["results"], page["next"] is not None
        return [_device(row) for row in rows], more
    except _MALFORMED as fault:
        raise NetBoxFault(f"NetBox answers no page of devices: {fault!r:.100}") from fault


def _device(row: Any) -> Recorded:
    fields = row.get("custom_fields")
    return Recorded(
        id=int(row["id"]),
        site=_text(row, "site", "name")[:100],
        address=_text(row, "primary_ip", "address").partition("/")[0],
        identity=Identity(
            vendor=_text(row, "device_type", "manufacturer", "name"),
            model=_text(row, "device_type", "model"),
            serial=_text(row, "serial"),
            name=_text(row, "name"),
        ),
        fields=fields if isinstance(fields, dict) else {},
    )


def news(recorded: Recorded, serial: str, firmware: str) -> dict[str, str]:
    """Return the custom fields that NetBox lacks or has otherwise; what is not known is no news."""
    known = {SERIAL: serial, FIRMWARE: firmware}
    return {
        name: text for name, text in known.items() if text and recorded.fields.get(name) != text
    }


@dataclass(frozen=True, slots=True)
class NetBox:
    """One NetBox. `token` is what it gave to us."""

    web: Web
    token: str = field(repr=False)

    async def devices(self, tag: str) -> list[Recorded]:
        """Return every device with a tag. Raises `NetBoxFault`, `LinkError`."""
        found: list[Recorded] = []
        while len(found) < _MOST:
            asked = urlencode({"tag": tag, "limit": PAGE, "offset": len(found)})
            # Never by the address of the next page that it names: what it says is data.
            answer = await self._ask("GET", f"/api/dcim/devices/?{asked}")
            some, more = read_devices(answer.body)
            found += some
            if not more or not some:
                break
        return found

    async def tell(self, device: int, fields: Mapping[str, str]) -> None:
        """Set custom fields of one device. Raises `NetBoxFault`, `LinkError`."""
        body = json.dumps({"custom_fields": dict(fields)}).encode()
        await self._ask("PATCH", f"/api/dcim/devices/{device}/", body)

    async def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        # Since NetBox 4.5 tokens are of a second kind, which names itself and goes as a bearer.
        kind = "Bearer" if self.token.startswith("nbt_") else "Token"
        headers = {"authorization": f"{kind} {self.token}", "accept": "application/json"}
        if body:
            headers["content-type"] = "application/json"
        answer = await self.web.ask(method, path, body, headers)
        if answer.status != 200:
            said = answer.body[:200].decode("utf-8", "replace")
            raise NetBoxFault(f"NetBox answers {answer.status} to {method} {path[:60]}: {said}")
        return answer


async def sync(netbox: NetBox, inventory: Inventory, tag: str, now: datetime) -> Synced:
    """Take in the devices with a tag, and tell NetBox what they said of themselves since."""
    sites = {site.name: site.id for site in inventory.sites()}
    made, taken, told, skipped = 0, 0, 0, []
    recorded = await netbox.devices(tag)
    for one in recorded:
        if not one.site or not (one.address or one.identity.serial):
            skipped.append(f"{one.identity.name or one.id}: no site, or neither address nor serial")
            continue
        if one.site not in sites:
            sites[one.site] = inventory.add_site(one.site, (), now)
            made += 1
        row, new = _found(inventory, sites[one.site], one, now)
        taken += new
        if fields := news(one, row.serial, row.firmware):
            await netbox.tell(one.id, fields)
            told += 1
    return Synced(len(recorded), taken, made, told, tuple(skipped))


def _found(inventory: Inventory, site: int, one: Recorded, now: datetime) -> tuple[Any, bool]:
    """Return the device's row; one that is known keeps what it said of itself."""
    met = Sighting(one.address, one.identity)
    marks = met.marks.cleaned()
    known = inventory.candidates(site, asdict(marks), marks.key)
    by_serial = [row for row in known if marks.serial and row.serial == marks.serial]
    # An address that another device has by now is no sign of this one.
    there = [row for row in known if not marks.serial or not row.serial]
    if found := by_serial or there:
        return found[0], False
    number = take_in(inventory, site, met, now).device_id
    return inventory.device(number), True
