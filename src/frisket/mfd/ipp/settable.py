"""What an administrator sets by Set-Printer-Attributes (RFC 3380): names and places."""

from __future__ import annotations

from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.ipp.refusal import IppRefused
from frisket.mfd.ipp.template import SETTABLE
from frisket.mfd.store import Locked
from frisket.proto.ipp.names import Status, ValueTag
from frisket.proto.ipp.values import Attribute, Group


def set_attributes(device: Device, groups: tuple[Group, ...], actor: str) -> None:
    """Set all attributes or none (RFC 3380 section 4.1). Raises `IppRefused`."""
    given = [attribute for group in groups for attribute in group.attributes]
    if not given:
        raise IppRefused(Status.CLIENT_ERROR_BAD_REQUEST, "no attribute is given")
    if strange := tuple(a for a in given if a.name not in SETTABLE):
        status = Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE
        raise IppRefused(status, "not settable", tuple(_named(a) for a in strange))
    for attribute in given:
        key, tag = SETTABLE[attribute.name]
        value = attribute.first
        if len(attribute.values) != 1 or attribute.values[0].tag != tag:
            raise _unsupported(attribute, f"{attribute.name} is one value of another syntax")
        try:
            device.store.check(key, value, "ipp")
        except Locked as fault:
            raise IppRefused(Status.CLIENT_ERROR_NOT_POSSIBLE, str(fault)) from fault
        except SettingRefused as fault:
            raise _unsupported(attribute, str(fault)) from fault
    for attribute in given:
        device.store.set(SETTABLE[attribute.name][0], attribute.first, actor, "ipp")


def _named(attribute: Attribute) -> Attribute:
    """Return an attribute as one that cannot be set (RFC 3380 section 8.1)."""
    return Attribute.of(attribute.name, ValueTag.NOT_SETTABLE, None)


def _unsupported(attribute: Attribute, why: str) -> IppRefused:
    status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    return IppRefused(status, why, (attribute,))
