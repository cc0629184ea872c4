"""Gives the devices of a Frisket console to Ansible as hosts. Reads only."""
# ruff: noqa: INP001 - Ansible finds plugins by their folder

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.errors import AnsibleParserError
from ansible.module_utils.urls import open_url
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

DOCUMENTATION = """
name: frisket
short_description: Devices of a Frisket console
description: Every device that the token may see is a host; what is known of it are variables.
extends_documentation_fragment: [constructed, inventory_cache]
options:
  plugin: {description: Always C(frisket.fleet.frisket), required: true,
           choices: [frisket.fleet.frisket]}
  url: {description: Where the console is, required: true, env: [{name: FRISKET_URL}]}
  token: {description: A token with the scope C(see-fleet), required: true,
          env: [{name: FRISKET_TOKEN}]}
  filters: {description: Filters by the names of the console's device list, type: dict, default: {}}
  hostname: {description: Which value names the host, default: key,
             choices: [key, serial, name, address]}
  validate_certs: {description: Believe known authorities only, type: bool, default: true}
  ca_path: {description: File with the authority that signed the console's certificate, type: str}
"""
AT_ONCE = 1000
# What names a host may hold; a device chooses its own name.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """The plugin."""

    NAME = "frisket.fleet.frisket"

    def verify_file(self, path: str) -> bool:
        """Say whether a file is one of ours by its name."""
        ours = path.endswith((".frisket.yml", ".frisket.yaml"))
        return bool(super().verify_file(path)) and ours

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: FBT001, FBT002
        """Fill an inventory with the devices."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        kept = self._cache.get(key) if cache and self.get_option("cache") else None
        devices = self._devices() if kept is None else kept
        if self.get_option("cache"):
            self._cache[key] = devices
        for device in devices:
            self._add(device)

    def _add(self, device: dict[str, Any]) -> None:
        named = str(device[self.get_option("hostname")] or device["key"])
        host = "".join(c if c in PLAIN else "_" for c in named)
        self.inventory.add_host(host)
        # What a device says of itself is never a template, whoever uses it where.
        told = {f"frisket_{name}": wrap_var(value) for name, value in device.items()}
        for name, value in told.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), told, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), told, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), told, host, strict=strict)

    def _devices(self) -> list[dict[str, Any]]:
        pairs: list[tuple[str, Any]] = [("limit", AT_ONCE)]
        for name, value in self.get_option("filters").items():
            values = value if isinstance(value, list) else [value]
            pairs += [(name, one) for one in values]
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self._page(pairs if cursor is None else [*pairs, ("cursor", cursor)])
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def _page(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        url = f"{self.get_option('url').rstrip('/')}/api/v1/devices?{urlencode(pairs)}"
        token = self.templar.template(self.get_option("token"))
        try:
            answer = open_url(
                url,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                validate_certs=self.get_option("validate_certs"),
                ca_path=self.get_option("ca_path"),
                follow_redirects="none",
                timeout=30,
            )
            page: dict[str, Any] = json.load(answer)
        except HTTPError as fault:
            raise AnsibleParserError(f"the console answers {fault.code}: {_told(fault)}") from fault
        except (URLError, OSError, ValueError) as fault:
            raise AnsibleParserError(f"the console cannot be asked: {fault}") from fault
        return page


def _told(fault: HTTPError) -> str:
    """Return what a problem document (RFC 9457) says."""
    try:
        said = json.load(fault)
    except ValueError:
        return str(fault.reason)
    return f"{said.get('title', '')} {said.get('detail', '')}".strip()
