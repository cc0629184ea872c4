"""Turns what a user names into targets: address, host name, CIDR, @file, group:NAME, lab."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from frisket.audit.groups import PREFIX
from frisket.cli.support.groups import open_groups
from frisket.cli.support.labs import lab_folder, lab_targets
from frisket.errors import UsageError
from frisket.model.finding import Incomplete
from frisket.model.target import Target

# A typing mistake must not sweep a continent: a wider network is written as several.
_LARGEST_NETWORK = 65_536


def _network(word: str) -> list[Target]:
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError as fault:
        hint = "a network is written as 10.20.0.0/24, one device as its address or host name"
        raise UsageError(f"{word[:60]!r} is no network", hint=hint) from fault
    if network.num_addresses > _LARGEST_NETWORK:
        raise UsageError(
            f"{word} has {network.num_addresses} addresses; at most {_LARGEST_NETWORK} at once",
            hint="name smaller networks",
        )
    hosts = list(network.hosts()) or [network.network_address]
    return [Target(str(host), named=False) for host in hosts]


def _from_file(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read targets from {path}: {fault}") from fault
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [word for line in lines for word in line.replace(",", " ").split()]


async def _resolve(name: str) -> Target | Incomplete:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, None)
    except (OSError, UnicodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "not a host name"
        return Incomplete(name, f"cannot be resolved: {why}")
    return Target(str(found[0][4][0]), name=name)


async def resolve_targets(
    words: Sequence[str], lab: Path | None = None, inventory: Path | None = None
) -> tuple[list[Target], list[Incomplete]]:
    """Return targets, each address once, and the names that do not resolve. Raises `UsageError`."""
    targets: dict[str, Target] = {}
    lost: list[Incomplete] = []
    queue = list(dict.fromkeys(words))
    if not queue:
        hint = "an address, a host name, a network, @file, group:NAME or lab"
        raise UsageError("no target given", hint=hint)
    read = set(queue)
    for word in queue:
        if word.startswith("@"):
            # A file may name others, and itself.
            more = _from_file(Path(word[1:]))
            queue.extend(fresh := dict.fromkeys(w for w in more if w not in read))
            read.update(fresh)
        elif word == "lab":
            found = lab_targets(lab_folder(lab))
            targets.update({target.address: target for target in found})
        elif word.startswith(PREFIX):
            more = list(open_groups(inventory).words(word.removeprefix(PREFIX)))
            queue.extend(fresh := dict.fromkeys(w for w in more if w not in read))
            read.update(fresh)
        elif "/" in word:
            for target in _network(word):
                targets.setdefault(target.address, target)
        else:
            one = await _one(word)
            if isinstance(one, Target):
                targets[one.address] = one
            else:
                lost.append(one)
    if not (targets or lost):
        raise UsageError(f"{' '.join(words)[:60]} names no device")
    return list(targets.values()), lost


async def _one(word: str) -> Target | Incomplete:
    try:
        return Target(str(ipaddress.ip_address(word)))
    except ValueError:
        return await _resolve(word)
