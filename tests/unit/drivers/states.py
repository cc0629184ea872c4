"""Devices as sets of settings, and plans for them: what the tests of the pure parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from frisket.audit.baseline import Baseline
from frisket.audit.load import load_content
from frisket.catalog.setting import Kind, Setting, Type
from frisket.drivers.base import Driver, Pin
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Subject, plan_device
from frisket.drivers.ways import seen_from
from frisket.mfd.personality import load_personalities
from frisket.model.reading import Known, Readings, Value, Witness
from frisket.model.target import Identity, Target

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTENT = load_content()
CATALOG = CONTENT.catalog
FACTORY = load_personalities()["iradv-c5535"].defaults
SETTINGS = [s for s in CATALOG if s.kind is Kind.SETTING and not s.secret]
# As met by somebody on the same machine, whom the device sees as 127.0.0.1.
VIRTUAL = seen_from(next(d for d in load_drivers() if d.name == "virtual-mfd"), "127.0.0.1")
TARGET = Target("127.99.0.1")
PIN = Pin("8000137003020000000001", "VMF00001")
State = Mapping[str, Value]


def says(state: State) -> Readings:
    """Return what a device in this state tells."""
    return Readings.single(
        {
            key: Known(value, Witness.DEVICE, NOW, "snmp-v3")
            for key, value in state.items()
            if not CATALOG[key].secret
        }
    )


def plan_of(
    state: State, baseline: Baseline, others: Readings | None = None, driver: Driver = VIRTUAL
) -> DevicePlan:
    """Plan a device in this state."""
    subject = Subject(TARGET, Identity(), PIN, driver, "snmp-v3", says(state), others or Readings())
    return plan_device(subject, baseline, CONTENT)


def carried_out(state: State, plan: DevicePlan) -> dict[str, Value]:
    """Return the state after a plan, every step of every stage made once."""
    keys = [key for stage in plan.stages for key in stage.keys]
    assert sorted(keys) == sorted(step.key for step in plan.steps), "each step in one stage"
    after = dict(state)
    for key in keys:
        assert after[key] == plan.step(key).now
        after[key] = plan.step(key).wanted
    return after


EXCEPTIONS = (
    (),
    ("192.0.2.7",),
    ("127.0.0.1",),
    ("192.0.2.0/24", "127.0.0.0/8"),
    ("126.0.0.0-127.0.0.9",),
    ("127.0.0.2-127.0.0.9", "not an address"),
)


def _value(setting: Setting) -> st.SearchStrategy[Any]:
    match setting.type:
        case Type.BOOLEAN:
            return st.booleans()
        case Type.INTEGER:
            return st.integers(setting.minimum, setting.maximum)
        case Type.CHOICE:
            return st.sampled_from(setting.values)
        case Type.SET:
            picked = st.sets(st.sampled_from(setting.values))
            return picked.map(lambda p: tuple(v for v in setting.values if v in p))
        case Type.LIST if setting.key == "firewall.ipv4.exceptions":
            return st.sampled_from(EXCEPTIONS)
        case _:
            return st.just(FACTORY[setting.key])


# What the ways of a device hang on is turned more often than the rest.
BEARING = ("snmp.", "crypto.", "remote-ui.", "firewall.ipv4.")
_BEARING = [CATALOG[key] for way in VIRTUAL.ways for key in way.when]
_BEARING += [s for s in SETTINGS if s.role or s.key.startswith(BEARING)]


@st.composite
def states(draw: st.DrawFn) -> State:
    """Draw a device: factory settings, some of them turned."""
    turned = draw(st.lists(st.sampled_from(SETTINGS), max_size=20))
    turned += draw(st.lists(st.sampled_from(_BEARING), max_size=10))
    return {**FACTORY, **{setting.key: draw(_value(setting)) for setting in turned}}


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    """Draw a packaged baseline, or any part of one."""
    whole = draw(st.sampled_from(sorted(CONTENT.baselines.values(), key=lambda b: b.id)))
    if draw(st.booleans()):
        return whole
    some = draw(st.sets(st.integers(0, len(whole.considerations) - 1)))
    parts = tuple(c for n, c in enumerate(whole.considerations) if n in some)
    return replace(whole, considerations=parts)
