"""IPP as a client meets it: login, TLS, holds, refusals, and octets meant to harm."""

from __future__ import annotations

import asyncio
import base64
import gzip
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.peers.paper import make_pdf

from frisket.mfd.device import Device
from frisket.mfd.job import Job
from frisket.mfd.users import Role
from frisket.proto.ipp.names import GroupTag, Operation, Status, ValueTag
from frisket.proto.ipp.values import Attribute, Group, Message, Range, request
from frisket.proto.ipp.wire import decode, encode


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    async with running_device(services=["ipp"], folder=tmp_path / "device") as (device, _):
        device.jobs.pace = 0
        yield device
    assert device.journal.counts["bugs"] == 0, device.journal.summary()


def name(key: str, value: str) -> Attribute:
    return Attribute.of(key, ValueTag.NAME, value)


def keyword(key: str, *values: str) -> Attribute:
    return Attribute.of(key, ValueTag.KEYWORD, *values)


def number(key: str, value: int) -> Attribute:
    return Attribute.of(key, ValueTag.INTEGER, value)


def message(
    operation: int,
    *attributes: Attribute,
    job: tuple[Attribute, ...] = (),
    data: bytes = b"",
    user: str = "ana",
) -> bytes:
    """Return a request as octets."""
    made = request(
        operation, 1, "ipp://printer/ipp/print", name("requesting-user-name", user), *attributes
    )
    groups = (*made.groups, *((Group(GroupTag.JOB, job),) if job else ()))
    return encode(Message(made.version, made.code, 1, groups, data))


async def converse(device: Device, sent: bytes, *, tls: bool = False) -> bytes:
    """Send octets to port 631 and return what comes back."""
    context = None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(device.address, device.port(631), ssl=context)
    try:
        writer.write(sent)
        await writer.drain()
        if not tls:
            writer.write_eof()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        return head + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as fault:
        return getattr(fault, "partial", b"")
    finally:
        writer.close()


def post(body: bytes, *headers: str, path: str = "/ipp/print") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: printer", "Content-Type: application/ipp", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def ask(device: Device, body: bytes, *headers: str, tls: bool = False) -> Message:
    answer = await converse(device, post(body, *headers), tls=tls)
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return decode(rest)


async def job_of(device: Device, answer: Message) -> Job:
    found = answer.get(GroupTag.JOB, "job-id")
    assert found is not None
    assert isinstance(found.first, int)
    await device.jobs.settled()
    job = device.jobs.get(found.first)
    assert job is not None
    return job


TEXT = b"hello\n"
PRINT = message(Operation.PRINT_JOB, data=TEXT)


async def test_a_chunked_document_with_expect(device: Device) -> None:
    head = post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, PRINT[i : i + 1]) for i in range(len(PRINT)))
    answer = await converse(device, head + chunks + b"0\r\n\r\n")
    job = await job_of(device, decode(answer.partition(b"\r\n\r\n")[2]))
    assert job.sheets == 1


async def test_printing_over_tls(device: Device) -> None:
    assert (await job_of(device, await ask(device, PRINT, tls=True))).sheets == 1


async def test_tls_only_refuses_plain_and_lists_ipps(device: Device) -> None:
    device.store.set("ipp.tls-only", True, "test", "lab")
    assert (await converse(device, post(PRINT))).startswith(b"HTTP/1.1 426 ")
    asked = message(Operation.GET_PRINTER_ATTRIBUTES, keyword("requested-attributes", "all"))
    answer = await ask(device, asked, tls=True)
    uris = answer.get(GroupTag.PRINTER, "printer-uri-supported")
    assert uris is not None
    assert all(uri.startswith("ipps://") for uri in uris.texts())
    assert device.jobs.ended() == []


async def test_login(device: Device) -> None:
    device.store.set("ipp.authentication", True, "test", "lab")
    device.store.set("auth.restrict-remote-jobs", True, "test", "lab")
    device.users.put("bob", Role.GENERAL, "correct horse", "test")
    refused = await converse(device, post(PRINT))
    assert refused.startswith(b"HTTP/1.1 401 ")
    assert b"Www-Authenticate: Basic" in refused or b"WWW-Authenticate: Basic" in refused
    wrong = base64.b64encode(b"bob:wrong").decode()
    assert b" 401 " in await converse(device, post(PRINT, f"Authorization: Basic {wrong}"))
    assert device.journal.counts["failed_logins"] == 1
    right = base64.b64encode(b"bob:correct horse").decode()
    job = await job_of(device, await ask(device, PRINT, f"Authorization: Basic {right}"))
    # The name that was proved counts, not the one that was claimed.
    assert (job.ticket.user, job.sheets) == ("bob", 1)


async def test_without_login_restricted_jobs_are_cancelled(device: Device) -> None:
    device.store.set("auth.restrict-remote-jobs", True, "test", "lab")
    job = await job_of(device, await ask(device, PRINT))
    assert (job.word, job.sheets) == ("canceled", 0)


async def test_a_pin_cannot_be_passed_over(device: Device) -> None:
    pin = Attribute.of("job-password", ValueTag.OCTET_STRING, b"1234")
    job = await job_of(device, await ask(device, message(2, pin, data=TEXT)))
    assert job.word == "pending-held"
    release = message(Operation.RELEASE_JOB, number("job-id", job.id))
    assert (await ask(device, release)).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    device.jobs.release(job.id, "ana", "1234")
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 1
    assert not job.ticket.encrypted
    sealed = await job_of(device, await ask(device, message(2, pin, data=TEXT), tls=True))
    assert (sealed.word, sealed.ticket.encrypted) == ("pending-held", True)


async def test_forced_hold_waits_for_the_panel(device: Device) -> None:
    device.store.set("print.hold.forced", True, "test", "lab")
    job = await job_of(device, await ask(device, PRINT))
    release = message(Operation.RELEASE_JOB, number("job-id", job.id))
    assert (await ask(device, release)).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    assert device.journal.counts["sheets"] == 0


async def test_jobs_of_others(device: Device) -> None:
    held = (keyword("job-hold-until", "indefinite"),)
    job = await job_of(device, await ask(device, message(2, job=held, data=TEXT)))
    cancel = message(Operation.CANCEL_JOB, number("job-id", job.id), user="eve")
    assert (await ask(device, cancel)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    listing = message(Operation.GET_JOBS, user="eve")
    assert (await ask(device, listing)).get(GroupTag.JOB, "job-id") is not None
    device.store.set("jobs.restrict-others", True, "test", "lab")
    assert (await ask(device, listing)).get(GroupTag.JOB, "job-id") is None
    asked = message(Operation.GET_JOB_ATTRIBUTES, number("job-id", job.id), user="eve")
    assert (await ask(device, asked)).code == Status.CLIENT_ERROR_NOT_FOUND


async def test_pausing_needs_an_administrator(device: Device) -> None:
    for operation in (Operation.PAUSE_PRINTER, Operation.RESUME_PRINTER):
        answer = await ask(device, message(operation, user="Administrator"))
        assert answer.code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    device.store.set("ipp.authentication", True, "test", "lab")
    login = "Authorization: Basic " + base64.b64encode(b"Administrator:7654321").decode()
    assert (await ask(device, message(Operation.PAUSE_PRINTER), login)).code == 0
    job = await job_of(device, await ask(device, PRINT, login))
    assert job.word == "pending"
    assert (await ask(device, message(Operation.RESUME_PRINTER), login)).code == 0
    assert (await job_of(device, await ask(device, PRINT, login))).sheets == 1


async def test_compressed_documents_and_bombs(device: Device) -> None:
    packed = message(2, keyword("compression", "gzip"), data=gzip.compress(TEXT))
    assert (await job_of(device, await ask(device, packed))).sheets == 1
    device.jobs.limit = 1 << 20
    bomb = message(2, keyword("compression", "gzip"), data=gzip.compress(bytes(30 << 20)))
    job = await job_of(device, await ask(device, bomb))
    assert (job.word, job.sheets) == ("aborted", 0)
    broken = message(2, keyword("compression", "gzip"), data=b"nonsense")
    assert (await job_of(device, await ask(device, broken))).word == "aborted"


async def test_fidelity_and_ignored_attributes(device: Device) -> None:
    wish = (keyword("media", "iso_a0_841x1189mm"),)
    answer = await ask(device, message(2, job=wish, data=TEXT))
    assert answer.code == Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    assert answer.get(GroupTag.UNSUPPORTED, "media") is not None
    await job_of(device, answer)
    strict = Attribute.of("ipp-attribute-fidelity", ValueTag.BOOLEAN, True)
    answer = await ask(device, message(2, strict, job=wish, data=TEXT))
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert device.journal.counts["sheets"] == 1


async def test_page_ranges_print_only_those(device: Device, tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "ten.pdf", 10).read_bytes()
    ranges = Attribute.of("page-ranges", ValueTag.RANGE, Range(2, 3), Range(9, 40))
    job = await job_of(device, await ask(device, message(2, job=(ranges,), data=paper)))
    assert job.sheets == 4


async def test_create_and_send(device: Device) -> None:
    job = await job_of(device, await ask(device, message(Operation.CREATE_JOB)))
    last = Attribute.of("last-document", ValueTag.BOOLEAN, True)
    about = number("job-id", job.id)
    send = message(Operation.SEND_DOCUMENT, about, last, data=TEXT)
    stranger = message(Operation.SEND_DOCUMENT, about, last, data=TEXT, user="eve")
    assert (await ask(device, stranger)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    assert (await job_of(device, await ask(device, send))).sheets == 1
    assert (await ask(device, send)).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    await device.jobs.settled()
    assert not list((device.spool() / "jobs").iterdir())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (post(PRINT, path="/../../etc/passwd"), 404),
        (post(PRINT).replace(b"application/ipp", b"text/html"), 415),
        (b"nonsense\r\n\r\n", 400),
        (post(b""), 400),
        (post(b"\1\1\0\2"), 400),
        (post(PRINT[:40]), 400),
        (b"POST /ipp HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", 400),
        (post(bytes(9) + b"\x01" + b"\x21\0\1a\0\4\0\0\0\0" * 30_000), 400),
    ],
)
async def test_what_is_no_request(device: Device, sent: bytes, status: int) -> None:
    answer = await converse(device, sent)
    # A peer that goes on talking while it is refused may hear nothing but a reset.
    assert answer.startswith(b"HTTP/1.1 %d " % status) or (len(sent) > 20_000 and not answer)
    assert (await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES))).code == 0


async def test_a_cut_document_prints_nothing(device: Device) -> None:
    sent = post(PRINT)[:-2]
    await converse(device, sent)
    async with asyncio.timeout(5):
        while list((device.spool() / "jobs").iterdir()):
            await asyncio.sleep(0.01)
    assert device.journal.counts["sheets"] == 0


async def test_media_database_only_by_name(device: Device) -> None:
    everything = await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES))
    assert everything.get(GroupTag.PRINTER, "media-col-database") is None
    asked = keyword("requested-attributes", "media-col-database")
    answer = await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES, asked))
    found = answer.get(GroupTag.PRINTER, "media-col-database")
    assert found is not None
    assert len(found.values) > 20


async def test_state_tells_what_the_printer_needs(device: Device) -> None:
    legal = (keyword("media", "na_legal_8.5x14in"),)
    job = await job_of(device, await ask(device, message(2, job=legal, data=TEXT)))
    assert job.word == "processing-stopped"
    answer = await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES))
    reasons = answer.get(GroupTag.PRINTER, "printer-state-reasons")
    state = answer.get(GroupTag.PRINTER, "printer-state")
    assert reasons is not None
    assert state is not None
    assert "media-needed" in reasons.texts()
    assert state.first == 5


async def test_airprint_and_mopria_off_take_their_words_back(device: Device) -> None:
    asked = keyword(
        "requested-attributes", "ipp-features-supported", "urf-supported", "mopria-certified"
    )
    names = ("urf-supported", "mopria-certified")
    shown = await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES, asked))
    assert all(shown.get(GroupTag.PRINTER, key) for key in names)
    for key in ("airprint", "mopria"):
        device.store.set(f"{key}.enabled", False, "test", "lab")
    shown = await ask(device, message(Operation.GET_PRINTER_ATTRIBUTES, asked))
    assert not any(shown.get(GroupTag.PRINTER, key) for key in names)
    features = shown.get(GroupTag.PRINTER, "ipp-features-supported")
    assert features is not None
    assert features.texts() == ("ipp-everywhere",)
