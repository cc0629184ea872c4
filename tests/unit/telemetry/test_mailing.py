"""Mails are hostile: an envelope or an answer comes out of one, or `WireError`, nothing else."""

from __future__ import annotations

import random
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import UsageError, WireError
from frisket.telemetry.mailing import (
    Answer,
    answer_mail,
    check_address,
    digest,
    envelope_mail,
    read_answer,
    read_envelope,
)

ENVELOPE = bytes(range(256)) * 4
ANSWER = Answer(digest(ENVELOPE), b'{"acknowledged": 7}', "c2lnbmF0dXJl")


def sent(envelope: bytes = ENVELOPE) -> bytes:
    return envelope_mail(envelope, sender="a@b.test", to="c@d.test", at=1.8e9).as_bytes()


def told(answer: Answer = ANSWER) -> bytes:
    return answer_mail(answer, sender="a@b.test", to="c@d.test", at=1.8e9).as_bytes()


@given(st.binary(min_size=1, max_size=5000))
def test_whatever_is_mailed_comes_out_unchanged(octets: bytes) -> None:
    assert read_envelope(sent(octets)) == (octets, "a@b.test")
    answer = Answer(digest(octets), octets, "abc=")
    assert read_answer(told(answer)) == answer


@given(st.binary(max_size=2000))
def test_random_octets_are_no_mail_of_ours(octets: bytes) -> None:
    for read in (read_envelope, read_answer):
        with pytest.raises(WireError):
            read(octets)


@given(st.integers(0, 1 << 30), st.sampled_from([sent(), told()]))
def test_a_mutated_mail_gives_something_or_wire_error(seed: int, mail: bytes) -> None:
    source = random.Random(seed)
    octets = bytearray(mail)
    for _ in range(source.randrange(1, 12)):
        octets[source.randrange(len(octets))] = source.randrange(256)
    del octets[source.randrange(len(octets)) :]
    for read in (read_envelope, read_answer):
        try:
            read(bytes(octets))
        except WireError:
            continue


def test_headers_that_lie_about_who_sent_it_get_no_answer() -> None:
    mail = sent().replace(b"a@b.test", b"a@b.test, victim@c.test")
    assert read_envelope(mail) == (ENVELOPE, "")
    folded = EmailMessage()
    folded["From"] = "a@b.test"
    folded.set_content("no report")
    with pytest.raises(WireError, match="nothing of ours"):
        read_envelope(folded.as_bytes())


@pytest.mark.parametrize("bad", ["", "a", "@b", "a@", "a b@c", "a@b\r\nBcc: x@y", "ä@b", "<a@b>"])
def test_an_address_is_one_address(bad: str) -> None:
    with pytest.raises(UsageError):
        check_address(bad)
