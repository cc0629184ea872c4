"""Any octets are an eRDS report or answer, or a `WireError`; what is written is read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.erds import message as m
from frisket.proto.erds import seal, wire

TEXT = st.text(st.characters(categories=["L", "N", "P", "Zs", "S"]), max_size=20)
NAME = TEXT.filter(bool)
MOMENT = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=0))
BIG = st.integers(0, 1 << 53)
COUNTERS = st.lists(st.builds(m.Meter, st.integers(0, 99_999), BIG), max_size=4).map(tuple)
SUPPLIES = st.lists(
    st.builds(m.SupplyLevel, NAME, TEXT, TEXT, st.just(m.LevelState.MEASURED), st.integers(0, 100))
    | st.builds(
        m.SupplyLevel, NAME, TEXT, TEXT, st.sampled_from([m.LevelState.SOME, m.LevelState.UNKNOWN])
    ),
    max_size=3,
).map(tuple)
ALERTS = st.lists(
    st.builds(m.Alert, st.sampled_from(m.AlertKind), st.booleans(), MOMENT, TEXT), max_size=3
).map(tuple)
FAULTS = st.lists(
    st.builds(m.Fault, NAME.map(lambda t: t[:16]), st.just("02"), MOMENT, BIG, TEXT, TEXT),
    max_size=3,
).map(tuple)
FIRMWARE = st.lists(st.builds(m.Firmware, NAME, NAME), max_size=3).map(tuple)
MENU = st.lists(
    st.builds(m.MenuItem, NAME, st.booleans() | st.integers(-100, 100) | NAME), max_size=3
).map(tuple)
REGISTRATION = st.builds(m.Registration, st.binary(min_size=32, max_size=32), TEXT)
STRATEGIES = {
    "counters": COUNTERS,
    "supplies": SUPPLIES,
    "alerts": ALERTS,
    "faults": FAULTS,
    "firmware": FIRMWARE,
    "menu": MENU,
    "registration": REGISTRATION,
}


def _report(operation: m.Operation) -> st.SearchStrategy[m.Report]:
    return st.builds(
        m.Report,
        operation=st.just(operation),
        serial=NAME,
        model=TEXT,
        sequence=st.integers(1, 1 << 53),
        at=MOMENT,
        sent=MOMENT,
        **{name: STRATEGIES[name] for name in m.SECTIONS[operation]},
    )


REPORTS = st.sampled_from(m.Operation).flatmap(_report)
ANSWERS = st.builds(
    m.Answer,
    st.sampled_from(m.Result),
    TEXT,
    st.integers(0, 86_400),
    st.none() | st.builds(m.Schedule, st.integers(1, 744), st.none() | st.integers(0, 1439)),
    st.lists(st.sampled_from(m.Operation), max_size=4).map(tuple),
    st.lists(st.sampled_from(m.AlertKind), max_size=4).map(tuple),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
)


def _try(data: bytes) -> None:
    for read in (wire.read_report, wire.read_answer):
        try:
            read(data)
        except WireError:
            continue


@given(st.binary(max_size=200))
def test_any_octets(data: bytes) -> None:
    _try(data)


@given(st.sampled_from(["[", '{"a":', "9", '"', "-", "{"]), st.integers(1, 240_000))
def test_endless_things(piece: str, times: int) -> None:
    _try((piece * times).encode())


@given(REPORTS)
def test_a_report_is_read_as_it_was_written(report: m.Report) -> None:
    assert wire.read_report(wire.report_octets(report)) == report


@given(ANSWERS)
def test_an_answer_is_read_as_it_was_written(answer: m.Answer) -> None:
    assert wire.read_answer(wire.answer_octets(answer)) == answer


@given(REPORTS, st.integers(0, 100_000), st.integers(0, 255))
def test_a_spoiled_report(report: m.Report, at: int, octet: int) -> None:
    octets = bytearray(wire.report_octets(report))
    octets[at % len(octets)] = octet
    _try(bytes(octets))


@given(REPORTS, st.sampled_from(["document", "user", "name", "image"]), TEXT)
def test_a_field_more_is_refused(report: m.Report, name: str, value: str) -> None:
    octets = wire.report_octets(report)
    more = f'{{"{name}":"x",'.encode() + octets[1:]
    with pytest.raises(WireError):
        wire.read_report(more)


@given(st.text(max_size=120) | st.binary(max_size=80).map(wire.signature_text))
def test_signature_fields(text: str) -> None:
    try:
        assert wire.signature_text(wire.read_signature(text)) == text
    except WireError:
        assert not seal.fits(bytes(32), b"", text)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 10_000))
def test_only_the_signed_octets_fit(seed: bytes, body: bytes, at: int) -> None:
    key, signature = seal.public_key(seed), seal.sign(seed, body)
    assert seal.fits(key, body, signature)
    spoiled = bytearray(body + b"x")
    spoiled[at % len(spoiled)] ^= 1
    assert not seal.fits(key, bytes(spoiled), signature)


def test_the_public_key_is_the_standard_s() -> None:
    """RFC 8032 section 7.1, test 1 gives the pair; the prefix of what is signed is ours."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert seal.public_key(seed).hex() == public


def test_codes_are_compared_as_people_type_them() -> None:
    code = seal.registration_code(bytes(range(10)))
    assert len(code) == 19
    assert seal.code_digest(code) == seal.code_digest(f" {code.lower().replace('-', ' ')}")
    assert seal.code_digest(code) != seal.code_digest(seal.registration_code(bytes(10)))


def test_a_large_report_is_refused_by_its_size() -> None:
    with pytest.raises(WireError, match="more than"):
        wire.read_report(b" " * (m.MOST_OCTETS + 1))
