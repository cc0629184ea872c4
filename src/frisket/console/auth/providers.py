"""The identity providers that a console trusts: `providers.toml` in its data folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frisket.errors import ContentError
from frisket.fleet.roles import Role

FILE = "providers.toml"
_FIELDS = frozenset(
    {"label", "issuer", "client_id", "client_secret_file", "groups", "roles", "strong"}
)
ALWAYS = "*"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `groups` is the claim that lists a person's groups; `roles` maps them.

    `strong` are the values of `acr` and `amr` that tell of a second factor; `*` says that the
    provider always asks for one. Without it a login there counts as one factor.
    """

    name: str
    label: str
    issuer: str
    client_id: str
    secret: str
    groups: str
    roles: Mapping[str, Role]
    strong: frozenset[str] = frozenset()

    def is_strong(self, claims: Mapping[str, Any]) -> bool:
        """Say whether what an identity token tells is a login by two factors."""
        told = claims.get("amr")
        methods = {one for one in told if isinstance(one, str)} if isinstance(told, list) else set()
        if isinstance(claims.get("acr"), str):
            methods.add(claims["acr"])
        return ALWAYS in self.strong or bool(methods & self.strong)


def _provider(folder: Path, name: str, raw: Mapping[str, Any]) -> Provider:
    lacking = {"label", "issuer", "client_id", "roles"} - set(raw)
    strange = set(raw) - _FIELDS
    if lacking or strange or not name.isidentifier():
        wrong = ", ".join(sorted(lacking | strange)) or name
        raise ContentError(f"{FILE}: [{name}] lacks or does not know: {wrong}")
    secret = ""
    if "client_secret_file" in raw:
        path = folder / str(raw["client_secret_file"])
        try:
            secret = path.read_text("utf-8").strip()
        except OSError as fault:
            raise ContentError(f"{FILE}: {path.name}: {fault.strerror}") from fault
    roles = raw["roles"]
    if not isinstance(roles, dict) or not set(roles.values()) <= set(Role):
        raise ContentError(f"{FILE}: [{name}.roles] maps a group to what is no role")
    strong = raw.get("strong", [])
    if not isinstance(strong, list) or not all(isinstance(one, str) for one in strong):
        raise ContentError(f"{FILE}: [{name}] strong is a list of texts")
    return Provider(
        name=name,
        label=str(raw["label"]),
        issuer=str(raw["issuer"]),
        client_id=str(raw["client_id"]),
        secret=secret,
        groups=str(raw.get("groups", "groups")),
        roles={str(group): Role(role) for group, role in roles.items()},
        strong=frozenset(strong),
    )


def load_providers(folder: Path) -> dict[str, Provider]:
    """Return the providers of a data folder; none where the file is missing.

    Raises `ContentError` with what is wrong in it.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise ContentError(f"{FILE}: {fault}") from fault
    found = {}
    for name, table in raw.items():
        if not isinstance(table, dict):
            raise ContentError(f"{FILE}: {name} is no table")
        found[name] = _provider(folder, name, table)
    return found
