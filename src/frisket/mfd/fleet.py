"""Plans a virtual fleet: different models, states, counters; some devices deliberately bad."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from frisket.audit.load import Content
from frisket.errors import UsageError
from frisket.mfd.counters import Impression, counts_of
from frisket.mfd.device import Plan
from frisket.mfd.personality import Personality, load_personalities
from frisket.model.reading import Value

STATES = ("factory", "small-office", "enterprise", "mixed")
_MIX = ("factory", "small-office", "enterprise", "small-office")

# Devices of a fleet with a special habit, by position from the start; a fleet of 8 has them all.
_LIAR_ABOUT_SNMP = 2
_LIAR_ABOUT_RAW = 5
_CLOSE_PRIMES = 3
_SLEEPER = 6
_EXPIRED = 7

_PLACES = (
    "Reception",
    "Accounts",
    "Second floor",
    "Warehouse",
    "Ward 4",
    "Library",
    "Post room",
    "Board room",
    "Workshop",
    "Print room",
)
_LARGEST = 60_000


def address_of(index: int) -> str:
    """Return the loopback address of the fleet's device `index` (0 is 127.0.1.1)."""
    if not 0 <= index < _LARGEST:
        raise UsageError(f"a fleet has at most {_LARGEST} devices")
    return f"127.0.{1 + index // 254}.{1 + index % 254}"


def settings_of(state: str, content: Content) -> dict[str, Value]:
    """Return the settings that a baseline's rules ask for; none for `factory`."""
    if state == "factory":
        return {}
    baseline = content.baseline(state)
    wanted: dict[str, Value] = {}
    for _, need in baseline.needs():
        fixes = content.rules[need.rules[0]].fixes(baseline.parameters, content.catalog)
        wanted.update(fixes)
    return wanted


def _spoil(settings: dict[str, Value], source: random.Random) -> dict[str, Value]:
    """Turn three yes/no settings of a hardened device the wrong way."""
    spoiled = dict(settings)
    switches = sorted(key for key, value in settings.items() if isinstance(value, bool))
    for key in source.sample(switches, min(3, len(switches))):
        spoiled[key] = not spoiled[key]
    return spoiled


def _with_habits(personality: Personality, index: int) -> Personality:
    quirks = personality.quirks
    match index:
        case _ if index == _LIAR_ABOUT_SNMP:
            quirks = replace(quirks, lies={"snmp.v1.enabled": False})
        case _ if index == _LIAR_ABOUT_RAW:
            quirks = replace(quirks, lies={"raw.enabled": False})
        case _ if index == _CLOSE_PRIMES:
            quirks = replace(quirks, close_primes=True)
        case _ if index == _SLEEPER:
            quirks = replace(quirks, sleeps=True, wake_seconds=3.0)
        case _ if index == _EXPIRED:
            quirks = replace(quirks, expired_certificate=True)
    return replace(personality, quirks=quirks) if quirks != personality.quirks else personality


def _counters(source: random.Random, personality: Personality) -> Mapping[int, int]:
    black = counts_of(Impression(pages=source.randint(5_000, 400_000), sheets=0))
    large = counts_of(Impression(pages=source.randint(0, 4_000), sheets=0, large=True))
    total = black + large
    if personality.color:
        total += counts_of(Impression(pages=source.randint(1_000, 150_000), sheets=0, color=True))
        total += counts_of(
            Impression(pages=source.randint(0, 30_000), sheets=0, color=True, copy=True)
        )
    total[501] += source.randint(500, 60_000)
    return total


def plan_fleet(
    count: int, state: str, seed: int, content: Content, shift: int = 0
) -> tuple[Plan, ...]:
    """Return `count` device plans; the same seed gives the same fleet. Raises `UsageError`."""
    if state not in STATES:
        raise UsageError(f"unknown state {state[:40]!r}", hint=f"known: {', '.join(STATES)}")
    if count < 1:
        raise UsageError("a fleet has at least one device")
    source = random.Random(seed)  # noqa: S311 - repeatable on purpose
    models = list(load_personalities().values())
    wanted = {name: settings_of(name, content) for name in STATES if name != "mixed"}
    plans = []
    for index in range(count):
        own_state = _MIX[index % len(_MIX)] if state == "mixed" else state
        settings = dict(wanted[own_state])
        if state == "mixed" and index % len(_MIX) == len(_MIX) - 1:
            settings = _spoil(settings, source)
            own_state = f"{own_state}, spoiled"
        if index == _LIAR_ABOUT_SNMP:
            settings["snmp.v1.enabled"] = True
        if index == _LIAR_ABOUT_RAW:
            settings["raw.enabled"] = True
        if state == "mixed" and index == _CLOSE_PRIMES:
            # A key that nobody can see would be no practice.
            settings |= {"remote-ui.enabled": True, "remote-ui.tls.enabled": True}
            settings |= {"http.enabled": True, "crypto.prohibit-weak-keys": False}
        personality = _with_habits(models[index % len(models)], index)
        settings["device.location"] = source.choice(_PLACES)
        settings["device.name"] = f"mfd-{index + 1:03d}"
        settings["network.host-name"] = f"mfd-{index + 1:03d}"
        settings["mdns.name"] = f"mfd-{index + 1:03d}"
        plans.append(
            Plan(
                address=address_of(index),
                serial=f"VMF{index + 1:05d}",
                personality=personality,
                settings={k: v for k, v in settings.items() if k in personality.defaults},
                counters=_counters(source, personality),
                state=own_state,
                shift=shift,
            )
        )
    return tuple(plans)
