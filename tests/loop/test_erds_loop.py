"""A device that reports by itself, to the product's reception behind a real TLS server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.erds import COUNTERS, HOURS, ON, STARTED, Clock, scene
from tests.peers.pki import Authority, authority
from tests.unit.mfd.test_jobs import pdf, send

from frisket.errors import FrisketError, TlsFailed, UsageError
from frisket.mfd.erds.talk import com_log, communication_test, initialize
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.ticket import Ticket
from frisket.mfd.troubles import TroubleKind
from frisket.model.reading import Value
from frisket.proto.erds.message import AlertKind, LevelState, Operation, Schedule
from frisket.telemetry.egress import ERDS, http_pairs, json_pairs, load_manifest, strangers


@pytest.fixture(scope="module")
def ca() -> Authority:
    return authority("Test CA")


@pytest.fixture(scope="module")
def pair(ca: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ca.issue(tmp_path_factory.mktemp("pki"), "127.0.0.1")


async def test_it_is_off_until_enabled(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path, settings={ON: False}) as s:
        with pytest.raises(UsageError, match="off"):
            await communication_test(s.device, "service")
        assert s.gateway.tries == 0
        assert s.device.erds.state.seed == b""
        s.device.store.set(ON, True, "service", "service-mode")
        await s.host.settled()
        assert len(s.device.erds.state.seed) == 32
        await communication_test(s.device, "service")
        s.device.store.set(ON, False, "service", "service-mode")
        await s.host.settled()
        tries = s.gateway.tries
        s.device.troubles.happen(TroubleKind.JAM)
        await s.pass_by(17 * HOURS)
        assert s.gateway.tries == tries


async def test_the_test_registers_and_counters_follow_every_16_hours(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        answer = await communication_test(s.device, "service")
        assert answer.schedule == Schedule(16, None)
        assert s.device.store.text("remote-service.registration-code") == ""
        await s.got(Operation.CLICK_COUNT, 1)
        first = s.gateway.shelf.of(Operation.CLICK_COUNT)[0]
        assert {m.number: m.value for m in first.counters}[101] == COUNTERS[101]
        assert all(101 <= m.number < 200 for m in first.counters)
        assert first.supplies
        modes = s.gateway.shelf.of(Operation.MODE_COUNTER)[0]
        assert {m.number: m.value for m in modes.counters}[301] == COUNTERS[301]
        s.device.counters.add({101: 66})
        await s.pass_by(15 * HOURS)
        s.device.troubles.happen(TroubleKind.ALARM)
        await s.got(Operation.ALARM, 1)
        assert len(s.gateway.shelf.of(Operation.CLICK_COUNT)) == 1
        await s.pass_by(1 * HOURS)
        await s.got(Operation.CLICK_COUNT, 2)
        second = s.gateway.shelf.of(Operation.CLICK_COUNT)[1]
        assert {m.number: m.value for m in second.counters}[101] == COUNTERS[101] + 66
        assert second.at == STARTED + 16 * HOURS
        await s.pass_by(16 * HOURS)
        await s.got(Operation.CLICK_COUNT, 3)


async def test_the_gateway_sets_interval_start_and_what_it_wants_to_hear(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        s.gateway.shelf.schedule = Schedule(8, 13 * 60)
        s.gateway.shelf.muted = (AlertKind.DOOR_OPEN,)
        await s.registered()
        s.device.troubles.happen(TroubleKind.DOOR)
        s.device.levels.put_supply(0, 0)
        await s.got(Operation.ALERT, 1)
        assert s.gateway.shelf.of(Operation.CLICK_COUNT) == []
        kinds = [r.alerts[0].kind for r in s.gateway.shelf.of(Operation.ALERT)]
        assert kinds == [AlertKind.TONER_OUT]
        await s.pass_by(HOURS)
        await s.got(Operation.CLICK_COUNT, 1)
        await s.pass_by(8 * HOURS)
        await s.got(Operation.CLICK_COUNT, 2)


async def test_events_go_at_once_and_their_end_too(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        trouble = s.device.troubles.happen
        trouble(TroubleKind.JAM, "010C", slot="Drawer 1", paper="A4")
        await s.got(Operation.JAM, 1)
        trouble(TroubleKind.SERVICE_CALL, "E000-0001")
        await s.got(Operation.SERVICE_CALL, 1)
        trouble(TroubleKind.ALARM, "060004")
        await s.got(Operation.ALARM, 1)
        trouble(TroubleKind.DOOR)
        s.device.levels.put_supply(0, 5)
        await s.got(Operation.ALERT, 4)
        jam = s.gateway.shelf.of(Operation.JAM)[0]
        fault = jam.faults[0]
        assert (fault.code, fault.total, fault.slot, fault.paper) == (
            "010C",
            1234,
            "Drawer 1",
            "A4",
        )
        assert {m.number for m in jam.counters} >= {101, 301, 501}  # the service-mode counter
        call = s.gateway.shelf.of(Operation.SERVICE_CALL)[0].faults[0]
        assert (call.code, call.subcode) == ("E000", "0001")
        alerts = [r.alerts[0] for r in s.gateway.shelf.of(Operation.ALERT)]
        assert {a.kind for a in alerts if a.active} == {
            *(AlertKind.JAM, AlertKind.SERVICE_CALL, AlertKind.DOOR_OPEN, AlertKind.TONER_LOW)
        }
        s.device.troubles.clear(TroubleKind.JAM)
        s.device.levels.replace_supply(0)
        await s.got(Operation.ALERT, 6)
        ended = [r.alerts[0] for r in s.gateway.shelf.of(Operation.ALERT) if not r.alerts[0].active]
        assert {a.kind for a in ended} == {AlertKind.JAM, AlertKind.TONER_LOW}


async def test_after_an_outage_logs_are_sent_again_once_each(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.gateway.mood = "cut"
        for code in ("0101", "0102", "0103"):
            s.device.troubles.happen(TroubleKind.JAM, code)
        await s.failed(1)
        await s.pass_by(17 * HOURS)
        await s.failed(2)
        s.gateway.mood = "lost"  # taken, but the device never hears of it
        await s.pass_by(2 * HOURS)
        await s.failed(3)
        assert len(s.gateway.shelf.of(Operation.JAM)) == 1
        s.gateway.mood = ""
        await s.pass_by(2 * HOURS)
        await s.got(Operation.JAM, 3)
        await s.got(Operation.CLICK_COUNT, 2)
        codes = [r.faults[0].code for r in s.gateway.shelf.of(Operation.JAM)]
        assert codes == ["0101", "0102", "0103"]
        happened = [r.faults[0].at for r in s.gateway.shelf.of(Operation.JAM)]
        assert happened == [STARTED] * 3
        latest = s.gateway.shelf.of(Operation.CLICK_COUNT)[-1]
        assert latest.at > STARTED + 17 * HOURS  # read anew at the retry, not when it was due
        assert s.device.erds.state.waiting == []


async def test_the_fourth_failure_drops_the_oldest_alert_and_the_truth_follows(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.gateway.mood = "cut"
        s.device.levels.put_supply(0, 5)
        for times in (1, 2, 3):
            await s.failed(times)
            assert Operation.ALERT in s.waiting
            await s.pass_by(HOURS)
        await s.failed(4)
        assert Operation.ALERT not in s.waiting
        assert any("given up" in line.detail for line in com_log(s.device))
        s.gateway.mood = ""
        s.device.troubles.happen(TroubleKind.ALARM)
        await s.got(Operation.ALERT, 1)
        alert = s.gateway.shelf.of(Operation.ALERT)[0].alerts[0]
        assert (alert.kind, alert.active) == (AlertKind.TONER_LOW, True)


async def test_what_waits_survives_a_restart_and_missed_counters_are_made_up_for(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    clock = Clock()
    async with scene(ca, pair, tmp_path, clock=clock) as s:
        await s.registered()
        s.gateway.mood = "cut"
        s.device.troubles.happen(TroubleKind.SERVICE_CALL, "E602-0001")
        await s.failed(1)
        old = s.gateway
    clock.now += timedelta(days=3)
    async with scene(ca, pair, tmp_path, clock=clock, gateway=old) as s:
        s.device.store.set("remote-service.port", s.gateway.port, "service", "service-mode")
        await s.pass_by(HOURS)
        await s.got(Operation.SERVICE_CALL, 1)
        await s.got(Operation.CLICK_COUNT, 2)
        assert s.gateway.shelf.of(Operation.SERVICE_CALL)[0].faults[0].at == STARTED


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_gateway_that_nobody_vouches_for_gets_nothing(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path, trusted: bool
) -> None:
    where = "localhost" if trusted else "127.0.0.1"  # the certificate names 127.0.0.1 only
    async with scene(
        ca, pair, tmp_path, trusted=trusted, settings={"remote-service.gateway": where}
    ) as s:
        with pytest.raises(TlsFailed, match="certificate is refused"):
            await communication_test(s.device, "service")
        assert s.gateway.bodies == []
        line = com_log(s.device)[0]
        assert (line.operation, line.result) == ("communicationTest", "NG")
        assert "refused" in line.detail


async def test_a_wrong_code_is_ng_and_nothing_is_reported(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    wrong = {"remote-service.registration-code": "AAAA-BBBB-CCCC-DDDD"}
    async with scene(ca, pair, tmp_path, settings=wrong) as s:
        with pytest.raises(OutsideFault, match="code is not valid"):
            await communication_test(s.device, "service")
        assert not s.device.erds.state.registered
        assert s.gateway.shelf.kept == {}
        assert s.device.store.text("remote-service.registration-code") != ""


async def test_initialized_it_has_another_key_and_must_register_anew(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        before = s.device.erds.state.seed
        initialize(s.device, "service")
        assert s.device.erds.state.seed not in {before, b""}
        with pytest.raises(OutsideFault):
            await communication_test(s.device, "service")
        code = "remote-service.registration-code"
        s.device.store.set(code, s.gateway.code("VMF70001"), "service", "service-mode")
        await communication_test(s.device, "service")
        await s.got(Operation.CLICK_COUNT, 2)


async def test_a_busy_gateway_is_left_alone_for_as_long_as_it_says(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.gateway.mood = "busy"
        s.device.troubles.happen(TroubleKind.JAM)
        await s.when(lambda: s.device.erds.state.retry is not None)
        assert s.device.erds.state.retry == STARTED + timedelta(seconds=600)
        assert s.device.erds.state.failures == 0
        s.gateway.mood = ""
        await s.pass_by(timedelta(seconds=601))
        await s.got(Operation.JAM, 1)


async def test_unknown_levels_stay_unknown(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        s.device.levels.put_supply(0, -3)
        s.device.levels.put_supply(1, -2)
        await s.registered()
        levels = s.gateway.shelf.of(Operation.CLICK_COUNT)[0].supplies
        assert (levels[0].state, levels[0].percent) == (LevelState.SOME, None)
        assert (levels[1].state, levels[1].percent) == (LevelState.UNKNOWN, None)


async def test_the_service_menu_goes_after_five_minutes_and_an_hour_after_a_change(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        await s.pass_by(timedelta(minutes=6))
        await s.got(Operation.SERVICE_MENU, 1)
        menu = {i.key: i.value for i in s.gateway.shelf.of(Operation.SERVICE_MENU)[0].menu}
        assert menu[ON] is True
        assert "remote-service.registration-code" not in menu
        assert "remote-service.gateway" not in menu
        s.device.store.set("remote-service.port", 1, "service", "service-mode")
        await s.pass_by(timedelta(0))
        await s.when(lambda: s.device.erds.state.menu is not None)
        s.device.store.set("remote-service.port", s.gateway.port, "service", "service-mode")
        await s.pass_by(timedelta(minutes=61))
        await s.got(Operation.SERVICE_MENU, 2)


async def test_a_wrong_clock_neither_silences_nor_hurries_it(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.device.drift.move(timedelta(days=365))
        await s.pass_by(timedelta(0))
        await s.got(Operation.CLICK_COUNT, 2)
        s.device.drift.move(timedelta(days=-730))
        await s.pass_by(timedelta(0))
        await s.got(Operation.CLICK_COUNT, 3)
        await s.pass_by(16 * HOURS)
        await s.got(Operation.CLICK_COUNT, 4)
        kept = [a for a in s.gateway.shelf.kept.values() if a.report.counters]
        assert all(abs(a.measured - a.received) < HOURS for a in kept)


async def test_nothing_leaves_that_is_not_on_the_list(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """Real traffic of a device that prints, jams, fills mailboxes and holds secrets."""
    private: dict[str, Value] = {
        "network.host-name": "secret-host",
        "device.location": "Secret Room",
        "admin.password": "s3cr3tpass",
        "snmp.community1.name": "secretcommunity",
    }
    async with scene(ca, pair, tmp_path, settings=private) as s:
        await s.registered()
        s.device.jobs.pace = 0
        ticket = Ticket(via="lpd", user="m.smith", name="salaries.pdf", host="10.9.8.7")
        send(s.device, ticket, pdf(tmp_path, 3))
        await s.device.jobs.settled()
        for kind in TroubleKind:
            s.device.troubles.happen(kind)
        send(s.device, ticket, pdf(tmp_path))
        await s.device.jobs.settled()
        s.device.levels.put_supply(0, 0)
        await s.pass_by(17 * HOURS)
        await s.got(Operation.CLICK_COUNT, 2)
        assert {report.operation for report in s.gateway.shelf.reports} == set(Operation)
        after = s.gateway.shelf.of(Operation.CLICK_COUNT)[-1]
        assert {m.number: m.value for m in after.counters}[101] == COUNTERS[101] + 3
        sent = b"\n".join(s.gateway.bodies)
        mine = ("m.smith", "salaries", "10.9.8.7", s.device.plan.mac, s.device.address, "/device")
        for word in (*map(str, private.values()), *mine):
            assert word.encode() not in sent
        for message in s.gateway.bodies:
            head, _, body = message.partition(b"\n\n")
            assert strangers(load_manifest()[ERDS], json_pairs(body)) == ()
            fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
            assert strangers(load_manifest()[ERDS], http_pairs(fields)) == ()


async def test_every_contact_stands_in_both_logs(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        await s.registered()
        s.gateway.mood = "cut"
        with pytest.raises(FrisketError):
            await communication_test(s.device, "service")
        log = com_log(s.device)
        assert [(log[0].operation, log[0].result), (log[-1].operation, log[-1].result)] == [
            ("communicationTest", "NG"),
            ("communicationTest", "OK"),
        ]
        audit = [entry for entry in s.device.log if entry.operation == "E-RDS"]
        assert {entry.result for entry in audit} == {"OK", "NG"}
        assert len(log) == len(audit)


async def test_what_the_gateway_does_not_want_is_not_sent(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        s.gateway.shelf.operations = (Operation.CLICK_COUNT, Operation.ALARM)
        await communication_test(s.device, "service")
        for kind in TroubleKind:
            s.device.troubles.happen(kind)
        await s.got(Operation.ALARM, 1)
        await s.got(Operation.CLICK_COUNT, 1)
        sent = {report.operation for report in s.gateway.shelf.reports}
        assert sent == {Operation.COMMUNICATION_TEST, Operation.CLICK_COUNT, Operation.ALARM}


async def test_what_happens_while_nobody_knows_the_device_is_told_later(
    ca: Authority, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async with scene(ca, pair, tmp_path) as s:
        s.device.troubles.happen(TroubleKind.JAM, "0001")  # before anybody wanted to know
        await s.registered()
        key = s.gateway.shelf.keys.pop("VMF70001")
        s.device.troubles.happen(TroubleKind.JAM, "0002")
        await s.when(lambda: not s.device.erds.state.registered)
        s.device.troubles.happen(TroubleKind.JAM, "0003")
        assert key
        code = "remote-service.registration-code"
        s.device.store.set(code, s.gateway.code(), "service", "service-mode")
        await communication_test(s.device, "service")
        await s.got(Operation.JAM, 2)
        await s.got(Operation.FIRMWARE, 2)
        codes = [report.faults[0].code for report in s.gateway.shelf.of(Operation.JAM)]
        assert codes == ["0002", "0003"]
