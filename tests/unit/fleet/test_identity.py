"""Who a device is, whatever its address."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.identity import Alarm, Entry, Marks, resolve

CANON = Marks("10.0.0.5", "canon", "XTG01234", "001e8f112233", "80001f8880", "ab" * 32)


def entry(marks: Marks, number: int = 1) -> Entry:
    return Entry(number, marks.cleaned().key, marks.cleaned())


def test_the_same_device_at_another_address_has_moved() -> None:
    found = resolve(replace(CANON, address="10.0.0.9"), [entry(CANON)])
    assert (found.id, found.moved, found.alarms) == (1, True, ())


def test_another_device_at_the_address_raises_the_alarm() -> None:
    other = Marks("10.0.0.5", "canon", "XTG09999", "001e8f999999")
    found = resolve(other, [entry(CANON)])
    assert found.id is None
    assert found.displaced == 1
    assert found.alarms[0][0] is Alarm.REPLACED


def test_a_new_board_in_the_same_device_is_told() -> None:
    found = resolve(replace(CANON, mac="001e8f445566", engine=""), [entry(CANON)])
    assert found.id == 1
    assert [alarm for alarm, _ in found.alarms] == [Alarm.CHANGED]


def test_a_network_card_moved_into_another_device_is_not_that_device() -> None:
    found = resolve(replace(CANON, serial="XTG05555", address="10.0.0.9"), [entry(CANON)])
    assert found.id is None


def test_a_device_known_by_address_alone_gets_its_name_later() -> None:
    bare = entry(Marks("10.0.0.5"))
    found = resolve(CANON, [bare])
    assert (found.id, found.key) == (1, "serial:canon:XTG01234")
    assert found.alarms == ()


def test_a_silent_part_forgets_nothing() -> None:
    found = resolve(Marks("10.0.0.5"), [entry(CANON)])
    assert found.id == 1
    assert found.marks == CANON.cleaned()


def test_serial_numbers_that_are_none() -> None:
    for serial in ("", "0", "Unknown", "0000000", "XXXXXXXXXX", " N/A "):
        assert Marks(serial=serial, mac="00:1E:8F:11:22:33").cleaned().key == "mac:001e8f112233"


def test_twins_are_told_and_the_nearer_one_is_taken() -> None:
    twins = [entry(CANON, 1), entry(replace(CANON, address="10.0.0.6"), 2)]
    found = resolve(replace(CANON, address="10.0.0.6"), twins)
    assert found.id == 2
    assert Alarm.AMBIGUOUS in [alarm for alarm, _ in found.alarms]


def test_a_key_that_a_whole_series_shares_makes_no_twins() -> None:
    first, second = Marks("10.0.0.5", tls="ab" * 32), Marks("10.0.0.6", tls="ab" * 32)
    found = resolve(second, [entry(first)])
    assert (found.id, found.key) == (None, "address:10.0.0.6")


text = st.text("ab01", max_size=3)
marks = st.builds(
    Marks,
    address=st.sampled_from(["10.0.0.1", "10.0.0.2"]),
    vendor=st.just("v"),
    serial=text,
    mac=st.sampled_from(["", "001e8f000001", "001e8f000002"]),
    engine=text,
    tls=text,
)


@given(marks, st.lists(marks, max_size=4))
def test_no_mark_of_a_device_is_ever_contradicted_by_a_stronger_one(
    seen: Marks, known: list[Marks]
) -> None:
    entries = [entry(one, number) for number, one in enumerate(known, 1)]
    found = resolve(seen, entries)
    clean = seen.cleaned()
    if found.id is not None:
        chosen = next(e for e in entries if e.id == found.id)
        if clean.serial and chosen.marks.serial:
            assert clean.serial == chosen.marks.serial
    again = resolve(seen, [Entry(7, found.key, found.marks)])
    assert again.id == 7
