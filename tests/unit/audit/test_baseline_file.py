"""A baseline's text: what is written is read again, and nothing else gets through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frisket.audit.baseline import Baseline, Consideration, Need
from frisket.audit.baseline_file import make_baseline, read_baseline, write_baseline
from frisket.audit.load import load_content
from frisket.errors import ContentError, UsageError

CONTENT = load_content()
POOL = [c for baseline in CONTENT.baselines.values() for c in baseline.considerations]
NUMBERS = {limit.parameter: limit for item in CONTENT.policy for limit in item.ranges}
PRINTABLE = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60
).filter(lambda text: text.isprintable() and text.strip() != "")


@pytest.mark.parametrize("name", sorted(CONTENT.baselines))
def test_every_packaged_baseline_is_read_as_it_was_written(name: str) -> None:
    baseline = CONTENT.baselines[name]
    text = write_baseline(baseline, CONTENT, ["a heading", 'with "quotes" and a \x1b'])
    assert read_baseline(text, "file", CONTENT) == baseline


@given(
    chosen=st.sets(st.sampled_from(range(len(POOL)))),
    title=PRINTABLE,
    word=PRINTABLE,
    numbers=st.fixed_dictionaries(
        {name: st.integers(one.minimum, one.maximum) for name, one in NUMBERS.items()}
    ),
)
@settings(max_examples=40, deadline=None)
def test_whatever_is_chosen_goes_there_and_back(
    chosen: set[int], title: str, word: str, numbers: dict[str, int]
) -> None:
    extra = Consideration("XX-01", word, word, (Need(("snmp.v1-off", "snmp.v3-on"), word),), word)
    rows = {POOL[n].id: POOL[n] for n in sorted(chosen)}
    parameters = numbers | {"time-server": "ntp.example"}
    baseline = Baseline("own-one", title, "us", (*rows.values(), extra), parameters)
    assert read_baseline(write_baseline(baseline, CONTENT), "file", CONTENT) == baseline


@given(st.text(max_size=400))
@settings(max_examples=100)
def test_no_text_escapes_as_another_fault(text: str) -> None:
    with pytest.raises(UsageError):
        read_baseline(text, "file", CONTENT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "title", "source", "policy", "parameters", "consideration"]), JSON
    )
)
@settings(max_examples=150)
def test_no_table_escapes_as_another_fault(table: dict[str, object]) -> None:
    good = {"id": "own", "title": "Own", "source": "us"}
    try:
        made = make_baseline(good | table, CONTENT)
    except (UsageError, ContentError):
        return
    assert made.id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "Not A Name"}, "is no name"),
        ({"strange": 1}, "unknown field strange"),
        ({"parameters": {"password-length": 33}}, "takes 1 to 32"),
        ({"parameters": {"password-length": True}}, "is a number"),
        ({"parameters": {"no-such": 1}}, "no rule has the parameter"),
        ({"consideration": [{"id": "A", "feature": "f", "text": "t", "need": ["no"]}]}, "unknown"),
        ({"consideration": [{"id": "A", "feature": "f", "text": "t", "need": []}]}, "need lists"),
        (
            {
                "consideration": [{"id": "A", "feature": "f", "text": "t", "need": ["snmp.v1-off"]}]
                * 2
            },
            "stands twice",
        ),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], said: str) -> None:
    good = {"id": "own", "title": "Own", "source": "us"}
    with pytest.raises((UsageError, ContentError), match=said):
        make_baseline(good | change, CONTENT)


def test_a_parameter_that_a_rule_needs_must_be_there() -> None:
    baseline = replace(CONTENT.baselines["security-policy"], parameters={})
    with pytest.raises(UsageError, match="has no value"):
        read_baseline(write_baseline(baseline, CONTENT), "file", CONTENT)
