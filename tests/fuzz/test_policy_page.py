"""Any page is a policy, or `WireError`."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lab import make_device
from tests.remote_ui import visitor

from frisket.audit.load import load_content
from frisket.audit.sheet import from_baseline
from frisket.drivers.access.policy_page import read_policy
from frisket.errors import WireError
from frisket.mfd.remote_ui.pages.policy import sections_of

ITEMS = load_content().policy
EVERY = from_baseline(load_content().baselines["security-policy"], load_content())


def page() -> bytes:
    """Return the page of a virtual device with every item ticked."""
    device = make_device()
    assert sections_of(device)
    device.policy.apply(device.store, EVERY.items, EVERY.values, "test")
    return visitor(device).get("/rps/policy/confirm").body


GOOD = page()


def test_a_good_page_is_read() -> None:
    ticked, values = read_policy(GOOD, ITEMS, "On")
    assert tuple(ticked) == EVERY.items
    assert values == EVERY.values


@given(body=st.binary(max_size=400))
def test_random_octets(body: bytes) -> None:
    with pytest.raises(WireError):
        read_policy(body, ITEMS, "On")


@given(
    position=st.integers(0, len(GOOD) - 1),
    inserted=st.binary(max_size=20),
    removed=st.integers(0, 60),
)
def test_mutated_pages(position: int, inserted: bytes, removed: int) -> None:
    body = GOOD[:position] + inserted + GOOD[position + removed :]
    with suppress(WireError):
        read_policy(body, ITEMS, "On")


@pytest.mark.parametrize(
    "body",
    [
        b"<tr><td>SP-01</td><td>On</td></tr>" * 2,
        b"<td>" * 3000,
        b"<tr><td>SP-01<tr>On",
        b"<table><tr>" + b"<td>x" * 2001,
        GOOD.replace(b"SP-45", b"SP-44"),
        GOOD.replace(b"120 seconds", b"soon"),
        GOOD.replace("· 120 seconds".encode(), b""),
        b"x" * ((1 << 20) + 1),
        b"<![if]>" + GOOD,
    ],
)
def test_hostile_pages(body: bytes) -> None:
    with suppress(WireError):
        read_policy(body, ITEMS, "On")
        assert body.startswith(b"<![if]>"), "only this one is a policy after all"
