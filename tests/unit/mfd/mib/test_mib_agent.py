"""Who gets an answer from the virtual device's agent, under which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.unit.mfd.mib.asking import Bench, nulls

from frisket.ledger import Ledger, LedgerFault
from frisket.mfd.mib.access import AUTHS, DEDICATED, PRIVS
from frisket.model.reading import Value as SettingValue
from frisket.proto.snmp.wire import (
    Counter32,
    ErrorStatus,
    Kind,
    Level,
    OctetString,
    Pdu,
    SecureMessage,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import User
from frisket.proto.snmp.wire.usm import Fault

DESCRIPTION = (1, 3, 6, 1, 2, 1, 1, 1, 0)
NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
LOCATION = (1, 3, 6, 1, 2, 1, 1, 6, 0)
GET = Pdu(Kind.GET, 1, varbinds=nulls([DESCRIPTION]))
SET = Pdu(Kind.SET, 1, varbinds=((LOCATION, OctetString(b"Attic")),))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def report(pdu: Pdu | None) -> Fault | None:
    """Return the fault that a REPORT names."""
    if pdu is None or pdu.kind is not Kind.REPORT:
        return None
    return next((fault for fault in Fault if fault.counter == pdu.varbinds[0][0]), None)


@pytest.mark.parametrize(
    ("settings", "quirk", "answered"),
    [
        ({"snmp.v1.enabled": True, "snmp.v3.enabled": False}, False, "1"),
        ({"snmp.v1.enabled": True, "snmp.v3.enabled": False}, True, "12"),
        ({"snmp.v1.enabled": True, "snmp.v3.enabled": True}, False, "13"),
        ({"snmp.v1.enabled": False, "snmp.v3.enabled": True}, True, "3"),
        ({"snmp.v1.enabled": False, "snmp.v3.enabled": False}, True, ""),
    ],
)
def test_the_settings_say_which_versions_answer(
    bench: Bench, settings: Mapping[str, SettingValue], quirk: bool, answered: str
) -> None:
    asker = bench.asker(settings=settings, quirks={"snmp_v2c": quirk})
    heard = ""
    heard += "1" if asker.community(GET) else ""
    heard += "2" if asker.community(GET, version=Version.V2C) else ""
    heard += "3" if asker.user(GET) else ""
    assert heard == answered


def test_a_wrong_community_meets_silence_and_is_counted(bench: Bench) -> None:
    asker = bench.asker()
    assert asker.community(GET, b"private") is None
    assert asker.community(GET, b"") is None
    assert asker.get((1, 3, 6, 1, 2, 1, 11, 4, 0)) == [Counter32(2)]


def test_an_empty_community_name_lets_nobody_in(bench: Bench) -> None:
    asker = bench.asker(settings={"snmp.community1.name": ""})
    assert asker.community(GET, b"") is None


def test_the_second_community_and_the_dedicated_one(bench: Bench) -> None:
    asker = bench.asker(settings={"snmp.community2.enabled": True})
    assert asker.community(GET, b"private") is not None
    assert asker.community(GET, DEDICATED) is not None
    asker.agent.device.store.set("snmp.dedicated-community.enabled", False, "test", "lab")
    assert asker.community(GET, DEDICATED) is None


@pytest.mark.parametrize(
    ("access", "status"),
    [("read-only", ErrorStatus.NO_SUCH_NAME), ("read-write", ErrorStatus.NO_ERROR)],
)
def test_a_community_writes_if_its_setting_says_so(
    bench: Bench, access: str, status: ErrorStatus
) -> None:
    asker = bench.asker(settings={"snmp.community1.access": access})
    answer = asker.community(SET)
    assert answer is not None
    assert answer.error_status == status
    written = asker.agent.device.store["device.location"] == "Attic"
    assert written == (status is ErrorStatus.NO_ERROR)


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("priv", PRIVS)
def test_every_pair_of_algorithms_that_can_be_set(bench: Bench, auth: str, priv: str) -> None:
    asker = bench.asker(
        settings={"snmp.v3.user.auth-algorithm": auth, "snmp.v3.user.encryption-algorithm": priv}
    )
    answer = asker.user(GET)
    assert answer is not None
    assert answer.varbinds == ((DESCRIPTION, OctetString(b"Canon iR-ADV C5535 /P")),)


@pytest.mark.parametrize(("auth", "priv"), [("MD5", "AES-128"), ("SHA2-256", "DES")])
def test_weak_algorithms_can_be_prohibited(bench: Bench, auth: str, priv: str) -> None:
    asker = bench.asker(
        settings={"snmp.v3.user.auth-algorithm": auth, "snmp.v3.user.encryption-algorithm": priv}
    )
    user = User("initial", AUTHS[auth], "initial1", PRIVS[priv], "initial1")
    assert asker.user(GET, user=user) is not None
    asker.agent.device.store.set("crypto.prohibit-weak", True, "test", "lab")
    asker.agent.device.store.apply_pending()
    refused = asker.user(GET, level=Level.PLAIN, user=User("initial"))
    assert report(refused) is Fault.UNKNOWN_USER


@pytest.mark.parametrize(
    ("security", "level", "status"),
    [
        ("auth-encrypt", Level.AUTHENTIC, ErrorStatus.AUTHORIZATION_ERROR),
        ("auth-encrypt", Level.PLAIN, ErrorStatus.AUTHORIZATION_ERROR),
        ("auth", Level.AUTHENTIC, ErrorStatus.NO_ERROR),
        ("auth", Level.PLAIN, ErrorStatus.AUTHORIZATION_ERROR),
        ("none", Level.PLAIN, ErrorStatus.NO_ERROR),
    ],
)
def test_a_message_below_the_users_level_is_refused(
    bench: Bench, security: str, level: Level, status: ErrorStatus
) -> None:
    asker = bench.asker(settings={"snmp.v3.user.security": security})
    answer = asker.user(GET, level=level)
    assert answer is not None
    assert answer.error_status == status


def test_a_read_only_user_reads_and_cannot_write(bench: Bench) -> None:
    asker = bench.asker(settings={"snmp.v3.user.access": "read-only"})
    assert asker.user(GET) is not None
    assert asker.set({LOCATION: OctetString(b"Attic")}) == (ErrorStatus.AUTHORIZATION_ERROR, 1)


def test_wrong_passwords_are_written_down_once_a_second(bench: Bench) -> None:
    asker = bench.asker()
    wrong = User("initial", AUTHS["SHA1"], "wrong password", PRIVS["AES-128"], "initial1")
    for _ in range(20):
        answer = asker.user(GET, user=wrong, level=Level.AUTHENTIC)
        assert report(answer) is Fault.WRONG_DIGEST
    assert asker.agent.device.journal.counts["failed_logins"] == 1
    bench.clock.at += 1
    asker.user(GET, user=wrong, level=Level.AUTHENTIC)
    assert asker.agent.device.journal.counts["failed_logins"] == 2


def test_an_unknown_context_is_reported(bench: Bench) -> None:
    asker = bench.asker()
    asker.context = b"elsewhere"
    answer = asker.user(GET)
    assert answer is not None
    assert answer.kind is Kind.REPORT
    assert answer.varbinds[0][0] == (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)


def test_an_old_message_is_answered_with_the_time(bench: Bench) -> None:
    asker = bench.asker()
    bench.clock.at += 1000
    assert report(asker.user(GET, time=1)) is Fault.NOT_IN_TIME_WINDOW


def test_discovery_costs_nothing_and_names_the_engine(bench: Bench) -> None:
    asker = bench.asker()
    body = encode_scoped(b"", b"", encode_pdu(Pdu(Kind.GET, 5)))
    plain = SecureMessage(1, Level.PLAIN, True, b"", 0, 0, b"", body)
    reply = asker.agent.respond(encode_message(plain))
    assert reply is not None
    message = decode_message(reply)
    assert isinstance(message, SecureMessage)
    assert message.engine_id.startswith(bytes.fromhex("80001370"))
    assert message.boots > 100_000_000
    assert asker.agent.respond(encode_message(replace(plain, reportable=False))) is None


def test_an_engine_started_later_has_more_boots(bench: Bench) -> None:
    first = bench.asker(now=lambda: datetime(2026, 11, 22, tzinfo=UTC)).agent
    later = bench.asker(now=lambda: datetime(2026, 11, 22, 0, 0, 9, tzinfo=UTC)).agent
    assert later.memory.boots == first.memory.boots + 9
    assert later.memory.boots < 2**31 - 1


def test_a_sleeping_device_wakes_and_answers_later(bench: Bench) -> None:
    asker = bench.asker(quirks={"sleeps": True, "wake_seconds": 4.0})
    assert asker.community(GET, b"public") is None
    assert asker.community(GET, b"public") is None
    bench.clock.at += 4
    assert asker.community(GET, b"public") is not None
    assert asker.agent.device.journal.counts["wakes"] == 1


def test_reading_leaves_no_trace_in_the_journal(bench: Bench) -> None:
    asker = bench.asker()
    before = dict(asker.agent.device.journal.counts)
    asker.get(DESCRIPTION, NAME)
    asker.user(GET)
    asker.community(GET, b"guess")
    assert dict(asker.agent.device.journal.counts) == before
    assert not asker.agent.device.journal.entries


def test_answers_notifications_and_foreign_kinds_get_silence(bench: Bench) -> None:
    asker = bench.asker("iradv-4545")
    for kind in (Kind.RESPONSE, Kind.TRAP, Kind.INFORM, Kind.REPORT):
        assert asker.community(Pdu(kind, 1), version=Version.V2C) is None
    assert asker.community(Pdu(Kind.GET_BULK, 1), version=Version.V1) is None


def test_a_full_disk_keeps_neither_the_agent_nor_its_journal_quiet(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = bench.asker(quirks={"sleeps": True})

    def full(_: Ledger, *records: object) -> None:
        raise LedgerFault("disk full")

    monkeypatch.setattr(Ledger, "append", full)
    assert asker.community(GET) is not None
    assert asker.agent.device.journal.counts["wakes"] == 1
