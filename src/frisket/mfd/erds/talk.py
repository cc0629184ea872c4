"""One conversation with the gateway: a message, signed, and the answer; COM-TEST and COM-LOG."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC

from frisket.errors import FrisketError, UsageError, WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.erds.content import report_of
from frisket.mfd.erds_memory import Contact, Parcel
from frisket.mfd.outside.attempt import OutsideFault, attempt
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.web import post
from frisket.proto.erds import seal
from frisket.proto.erds.message import (
    CONTENT_TYPE,
    PATH,
    SIGNATURE,
    Answer,
    Operation,
    Registration,
    Report,
)
from frisket.proto.erds.wire import read_answer, report_octets

ENABLED, GATEWAY = "remote-service.enabled", "remote-service.gateway"
PORT, CODE = "remote-service.port", "remote-service.registration-code"
_VIA = "service-mode"


def gateway_of(device: Device) -> Server:
    """Return where the gateway is. Raises `UsageError`: none, or not by HTTPS."""
    store = device.store
    server = read_server(store.text(GATEWAY), store.number(PORT), "gateway (RGW-ADR)")
    if server.scheme not in {"", "https"}:
        raise UsageError("E-RDS speaks to its gateway by HTTPS only")
    return server


async def _exchange(device: Device, report: Report) -> Answer:
    """Send one message and return the answer. Raises `UsageError`, `OutsideFault`, `LinkError`."""
    server = gateway_of(device)
    memory = device.erds
    try:
        body = report_octets(report)
    except WireError as fault:
        raise OutsideFault(f"the message cannot be written: {fault}") from fault
    fields = (
        ("content-type", CONTENT_TYPE),
        ("accept", CONTENT_TYPE),
        ("user-agent", "Virtual-MFD E-RDS"),
        (SIGNATURE, seal.sign(memory.state.seed, body)),
    )
    answer = await post(device, server, PATH, fields, body)
    try:
        return read_answer(answer.body)
    except WireError as fault:
        raise OutsideFault(f"{server} is no gateway: status {answer.status}") from fault


class Unwanted(OutsideFault):
    """The gateway answered, and did not take the message."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(f"the gateway answered {answer.result}: {answer.reason or 'no reason'}")
        self.answer = answer


async def converse(device: Device, report: Report, actor: str) -> Answer:
    """Send one message; the try stands in the audit log and in COM-LOG, OK or NG.

    Raises `Unwanted` where the gateway did not take it; `UsageError`, `OutsideFault`, `LinkError`
    where there was no answer.
    """
    what = f"{report.operation} number {report.sequence}"
    try:
        with attempt(device, LogKind.NETWORK_CONNECTION, actor, "E-RDS", what) as note:
            answer = await _exchange(device, report)
            if not answer.taken:
                raise Unwanted(answer)
            note.detail = f"{what}: {answer.result}"
    except FrisketError as fault:
        device.erds.note(device.now(), report.operation, str(fault), ok=False)
        raise
    device.erds.note(device.now(), report.operation, answer.result, ok=True)
    return answer


def com_log(device: Device) -> list[Contact]:
    """Return COM-LOG, newest first."""
    return list(reversed(device.erds.log))


def check_enabled(device: Device) -> None:
    """Raise `UsageError` where E-RDS is off."""
    if not device.store.on(ENABLED):
        raise UsageError("E-RDS is off", hint=f"set {ENABLED} in service mode first")


async def communication_test(device: Device, actor: str) -> Answer:
    """Carry out COM-TEST: register where a code is given, and fetch what the gateway wants.

    The code is used up by a test that succeeds. Raises `UsageError` (off, no gateway),
    `LedgerFault` (disk full), `Unwanted`, `OutsideFault`, `LinkError`; each is in COM-LOG as NG.
    """
    check_enabled(device)
    memory = device.erds
    async with memory.line:
        memory.make_key(secrets.token_bytes(32))
        now = device.now()
        parcel = Parcel(Operation.COMMUNICATION_TEST, memory.number(), now.astimezone(UTC))
        code = device.store.text(CODE)
        key = seal.public_key(memory.state.seed)
        report = replace(report_of(device, parcel, now), registration=Registration(key, code))
        answer = await converse(device, report, actor)
        memory.registered_by(answer, device.now(), device.troubles.count)
    if code:
        device.store.set(CODE, "", actor, _VIA)
    return answer


def initialize(device: Device, actor: str) -> None:
    """Forget key, registration and what waits (CLEAR > ERDS-DAT).

    Raises `UsageError` while it communicates, `LedgerFault`.
    """
    if device.erds.line.locked():
        raise UsageError("E-RDS is talking to its gateway; try again in a minute")
    device.erds.initialize(secrets.token_bytes(32))
    device.log.add(LogKind.MAINTENANCE, actor, "Initialize E-RDS")
    device.erds.note(device.now(), "ERDS-DAT", "initialized", ok=True)
