"""Reads and plans the security policy of one live device; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frisket.audit.load import Content
from frisket.audit.sheet import Sheet, from_settings
from frisket.drivers.access.policy import PolicyReader, open_policy
from frisket.drivers.base import Pin, Settings
from frisket.drivers.difference import settings_of
from frisket.drivers.plan import DevicePlan, Subject
from frisket.drivers.policy import held, keys_of, objections, plan_policy, refused
from frisket.drivers.read import Caller
from frisket.model.reading import Readings
from frisket.model.target import Identity


@dataclass(frozen=True, slots=True)
class PolicySeen:
    """A device's policy, who it is, and how it holds each setting that the policy forces.

    `states` by key: held, open, other value or absent (see `frisket.drivers.policy.held`).
    """

    identity: Identity
    pin: Pin
    sheet: Sheet
    states: Mapping[str, str]
    values: Settings


async def see_policy(caller: Caller, seen: Identity, content: Content) -> PolicySeen:
    """Return what a device says of its policy. Raises as `open_policy`, and what reading raises.

    `seen` is who the network says is there.
    """
    reader = await _open(caller, content)
    try:
        # First the policy alone: it says which settings are to be looked at.
        own = Readings.single(await reader.read(keys_of(Sheet(), content)))
        sheet = from_settings(settings_of(own), content)
        found = Readings.single(await reader.read(keys_of(sheet, content)))
        values = settings_of(found)
        states = held(sheet, values, reader.changeable(values), content)
        pin = reader.web.pin | caller.expected
        return PolicySeen(_named(seen, pin), pin, sheet, states, values)
    finally:
        reader.close()


async def plan_for(
    caller: Caller, seen: Identity, sheet: Sheet, content: Content, accepted: tuple[str, ...] = ()
) -> DevicePlan:
    """Plan a policy for one device; where it contradicts itself there, the plan says so.

    `accepted` are items that a person has named as meant all the same. Raises as `see_policy`.
    """
    reader = await _open(caller, content)
    try:
        web = reader.web
        found = Readings.single(await reader.read(keys_of(sheet, content, web.driver)))
        pin, target = web.pin | caller.expected, caller.dialer.target
        who = _named(seen, pin)
        subject = Subject(target, who, pin, web.driver, reader.name, found, Readings())
        present = from_settings(settings_of(found), content)
        why = objections(sheet, present, content, factory=web.factory, accepted=accepted)
        return refused(subject, why) if why else plan_policy(subject, sheet, content)
    finally:
        reader.close()


async def _open(caller: Caller, content: Content) -> PolicyReader:
    pins = (caller.expected, caller.seen)
    return await open_policy(caller.dialer, caller.login, pins, caller.around, content)


def _named(seen: Identity, pin: Pin) -> Identity:
    return seen | Identity(serial=pin.serial)
