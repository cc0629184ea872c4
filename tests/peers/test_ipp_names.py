"""The IANA names of IPP as libcups spells them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable

import pytest

from frisket.proto.ipp import names

# Registered after the libcups of Debian 12 was released.
NEWER = {
    names.Operation.GET_PRINTER_RESOURCES,
    names.Operation.GET_USER_PRINTER_ATTRIBUTES,
    names.Operation.RESTART_ONE_PRINTER,
    names.Status.CLIENT_ERROR_NOT_FETCHABLE,
}


@pytest.mark.peer("libcups2")
@pytest.mark.parametrize(
    ("function", "numbers", "ours"),
    [
        ("ippOpString", names.Operation, names.operation_name),
        ("ippErrorString", names.Status, names.status_name),
        ("ippTagString", names.ValueTag, names.value_name),
        ("ippTagString", names.GroupTag, names.group_name),
    ],
)
def test_names(function: str, numbers: Iterable[int], ours: Callable[[int], str]) -> None:
    spell = getattr(ctypes.CDLL("libcups.so.2"), function)
    spell.restype = ctypes.c_char_p
    asked = [number for number in numbers if number not in NEWER]
    assert {number: spell(int(number)).decode() for number in asked} == {
        number: ours(number) for number in asked
    }
