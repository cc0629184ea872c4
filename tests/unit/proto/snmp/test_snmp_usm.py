"""An agent admits its users and names its reason to everybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frisket.errors import WireError
from frisket.proto.snmp.wire import (
    Counter32,
    Kind,
    Level,
    Pdu,
    SecureMessage,
    decode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import Auth, Keys, LocalKeys, Priv, User, localize
from frisket.proto.snmp.wire.usm import (
    FAULTS,
    MAX_BOOTS,
    Admitted,
    Denied,
    Engine,
    Fault,
    admit,
    open_body,
    report,
    respond,
    seal,
    unseal,
)

ENGINE = Engine(bytes.fromhex("8000137001c0000201"), 5, 10_000)
ROOT = User("root", Auth.SHA256, "sage and onion", Priv.AES128, "rosemary")
READER = User("reader", Auth.MD5, "sage and onion")
GUEST = User("guest")
USERS = {user.name.encode(): user for user in (ROOT, READER, GUEST)}
PDU = encode_pdu(Pdu(Kind.GET, 77))


def request(user: User, level: Level, **changes: object) -> SecureMessage:
    """Return an open request that the engine must admit."""
    message = SecureMessage(
        msg_id=9,
        level=level,
        reportable=True,
        engine_id=ENGINE.engine_id,
        boots=ENGINE.boots,
        time=ENGINE.time,
        user=user.name.encode(),
        body=encode_scoped(ENGINE.engine_id, b"", PDU),
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def judge(message: SecureMessage, user: User, *, engine: Engine = ENGINE) -> Admitted | Denied:
    """Seal and send a request."""
    return judge_bytes(seal(message, localize(user, ENGINE.engine_id), 1), engine=engine)


def judge_bytes(data: bytes, *, engine: Engine = ENGINE) -> Admitted | Denied:
    """Send a datagram."""
    message = decode_message(data)
    assert isinstance(message, SecureMessage)
    return admit(data, message, engine, USERS, LocalKeys())


@pytest.mark.parametrize(
    ("user", "level"),
    [
        (ROOT, Level.PRIVATE),
        (ROOT, Level.AUTHENTIC),
        (ROOT, Level.PLAIN),
        (READER, Level.AUTHENTIC),
        (GUEST, Level.PLAIN),
    ],
)
def test_users_are_admitted_and_answered_at_their_level(user: User, level: Level) -> None:
    verdict = judge(request(user, level), user)
    assert isinstance(verdict, Admitted)
    assert verdict.user is user
    assert verdict.scoped.pdu == Pdu(Kind.GET, 77)
    answer = respond(verdict, ENGINE, encode_pdu(Pdu(Kind.RESPONSE, 77)), 2)
    message = decode_message(answer)
    assert isinstance(message, SecureMessage)
    assert (message.level, message.msg_id, message.reportable) == (level, 9, False)
    opened = unseal(answer, message, localize(user, ENGINE.engine_id))
    assert not isinstance(opened, Fault)
    assert opened.pdu == Pdu(Kind.RESPONSE, 77)


def fault(verdict: Admitted | Denied) -> Fault:
    """Return why a request was denied."""
    assert isinstance(verdict, Denied)
    return verdict.fault


def test_each_fault_has_its_name() -> None:
    other = replace(ROOT, auth_password="thyme and onion")
    privacy = replace(ROOT, priv_password="thyme")
    full = Level.PRIVATE
    assert fault(judge(request(ROOT, full, engine_id=b""), ROOT)) is Fault.UNKNOWN_ENGINE
    assert fault(judge(request(replace(ROOT, name="nobody"), full), ROOT)) is Fault.UNKNOWN_USER
    assert fault(judge(request(READER, full), replace(ROOT, name="reader"))) is (
        Fault.UNSUPPORTED_LEVEL
    )
    assert fault(judge(request(ROOT, full), other)) is Fault.WRONG_DIGEST
    assert fault(judge(request(ROOT, full, time=9_849), ROOT)) is Fault.NOT_IN_TIME_WINDOW
    assert fault(judge(request(ROOT, full, time=10_151), ROOT)) is Fault.NOT_IN_TIME_WINDOW
    assert fault(judge(request(ROOT, full, boots=6), ROOT)) is Fault.NOT_IN_TIME_WINDOW
    assert fault(judge(request(ROOT, full), privacy)) is Fault.DECRYPTION


def test_the_edges_of_the_window() -> None:
    for time in (9_850, 10_150):
        assert isinstance(judge(request(ROOT, Level.PRIVATE, time=time), ROOT), Admitted)
    worn = replace(ENGINE, boots=MAX_BOOTS)
    verdict = judge(request(ROOT, Level.PRIVATE, boots=MAX_BOOTS), ROOT, engine=worn)
    assert fault(verdict) is Fault.NOT_IN_TIME_WINDOW


def test_any_flipped_bit_is_noticed() -> None:
    data = seal(request(READER, Level.AUTHENTIC), localize(READER, ENGINE.engine_id), 1)
    assert isinstance(judge_bytes(data), Admitted)
    for at in range(len(data)):
        flipped = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        try:
            verdict = judge_bytes(flipped)
        except WireError:
            continue
        assert isinstance(verdict, Denied) or verdict.message.level is Level.PLAIN, at


@pytest.mark.parametrize("why", Fault)
def test_reports(why: Fault) -> None:
    keys = localize(ROOT, ENGINE.engine_id)
    message = request(ROOT, Level.AUTHENTIC)
    data = report(Denied(message, why, keys), ENGINE, 2**32 + 3)
    assert data is not None
    answer = decode_message(data)
    assert isinstance(answer, SecureMessage)
    signed = why is Fault.NOT_IN_TIME_WINDOW
    assert answer.level is (Level.AUTHENTIC if signed else Level.PLAIN)
    assert (answer.engine_id, answer.boots, answer.time) == (ENGINE.engine_id, 5, 10_000)
    opened = unseal(data, answer, keys)
    assert not isinstance(opened, Fault)
    assert opened.pdu == Pdu(Kind.REPORT, 77, 0, 0, ((why.counter, Counter32(3)),))
    assert FAULTS[why.counter] is why
    assert FAULTS[why.counter[:-1]] is why
    assert report(Denied(replace(message, reportable=False), why, keys), ENGINE, 1) is None


def test_a_report_on_what_cannot_be_read() -> None:
    sealed = seal(request(ROOT, Level.PRIVATE), localize(ROOT, ENGINE.engine_id), 1)
    message = decode_message(sealed)
    assert isinstance(message, SecureMessage)
    data = report(Denied(message, Fault.UNKNOWN_USER), ENGINE, 1)
    assert data is not None
    answer = decode_message(data)
    assert isinstance(answer, SecureMessage)
    pdu = open_body(answer, Keys()).pdu
    assert isinstance(pdu, Pdu)
    assert pdu.request_id == 0


def test_keys_must_reach_the_level() -> None:
    for level in (Level.AUTHENTIC, Level.PRIVATE):
        with pytest.raises(WireError):
            seal(request(GUEST, level), Keys(), 1)
    sealed = seal(request(ROOT, Level.PRIVATE), localize(ROOT, ENGINE.engine_id), 1)
    message = decode_message(sealed)
    assert isinstance(message, SecureMessage)
    with pytest.raises(WireError):
        open_body(message, Keys())
