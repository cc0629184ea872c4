"""Envelopes are believed by the gateway's own clock and authority, and by nothing they claim."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from frisket.errors import UsageError, WireError
from frisket.telemetry.authority import (
    LIFE,
    Authority,
    AuthorityFault,
    issue,
    make_request,
    new_authority,
    open_authority,
    server_files,
)
from frisket.telemetry.enrolment import ask, make_token, read_ask, read_token
from frisket.telemetry.envelope import (
    Envelope,
    Kind,
    Untrusted,
    Why,
    check_reply,
    open_envelope,
    parse_name,
    read_sender,
    seal,
    sign_reply,
    verify,
    written_name,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@pytest.fixture
def authority() -> Authority:
    return new_authority(NOW)


def sealed(authority: Authority, *, sent: datetime = NOW, audience: str = "") -> Envelope:
    certificate, _ = issue(authority, make_request(KEY), "c-1", "Nörd/Süd", NOW)
    return open_envelope(
        seal(
            Kind.BATCH,
            b"body",
            audience=audience or authority.identifier,
            certificate=certificate,
            key=KEY,
            sent=sent.timestamp(),
        )
    )


def believe(
    envelope: Envelope, authority: Authority, now: datetime = NOW, *, grace: bool = False
) -> None:
    sender = read_sender(envelope.certificate, authority.certificate)
    verify(envelope, sender, kind=Kind.BATCH, audience=authority.identifier, now=now, grace=grace)


@pytest.mark.parametrize("days", [-366, 0, 366])
def test_a_collector_whose_clock_is_a_year_off_is_served(authority: Authority, days: int) -> None:
    envelope = sealed(authority, sent=NOW + timedelta(days=days))
    believe(envelope, authority, NOW + timedelta(minutes=1))
    sender = read_sender(envelope.certificate, authority.certificate)
    assert (sender.collector, sender.site) == ("c-1", "Nörd/Süd")


def test_an_expired_certificate_renews_and_no_more(authority: Authority) -> None:
    late = NOW + LIFE + timedelta(seconds=1)
    believe(sealed(authority), authority, late, grace=True)
    with pytest.raises(Untrusted) as told:
        believe(sealed(authority), authority, late)
    assert told.value.why is Why.EXPIRED


def test_another_authoritys_certificate_is_none(authority: Authority) -> None:
    envelope = sealed(new_authority(NOW), audience=authority.identifier)
    with pytest.raises(Untrusted) as told:
        believe(envelope, authority)
    assert told.value.why is Why.FORGED


def test_the_web_servers_certificate_and_the_authoritys_speak_for_no_site(
    authority: Authority, tmp_path: Path
) -> None:
    file = server_files(authority, tmp_path, ["127.0.0.1", "gateway.example"], NOW)
    web = x509.load_pem_x509_certificate(file.read_bytes())
    for certificate in (web, authority.certificate):
        with pytest.raises(Untrusted):
            read_sender(certificate.public_bytes(Encoding.DER), authority.certificate)


def test_another_gateways_mail_is_astray(authority: Authority) -> None:
    with pytest.raises(Untrusted) as told:
        believe(sealed(authority, audience="other"), authority)
    assert told.value.why is Why.ASTRAY


def test_another_kind_is_not_taken(authority: Authority) -> None:
    envelope = sealed(authority)
    sender = read_sender(envelope.certificate, authority.certificate)
    with pytest.raises(Untrusted) as told:
        verify(envelope, sender, kind=Kind.RENEW, audience=authority.identifier, now=NOW)
    assert told.value.why is Why.KIND


def test_an_answer_belongs_to_its_question(authority: Authority) -> None:
    signature = sign_reply(authority.key, b"question", b"answer")
    check_reply(authority.certificate, b"question", b"answer", signature)
    for question, answer, said in (
        (b"other", b"answer", signature),
        (b"question", b"other", signature),
        (b"question", b"answer", ""),
        (b"question", b"answer", "!"),
        (b"question", b"answer", sign_reply(KEY, b"question", b"answer")),
    ):
        with pytest.raises(Untrusted):
            check_reply(authority.certificate, question, answer, said)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "frisket://site//collector/x",
        "http://site/a/collector/b",
        "frisket://[",
        "frisket://site/a/collector/b/c",
    ],
)
def test_a_name_in_a_certificate_is_whole(address: str) -> None:
    with pytest.raises(Untrusted):
        parse_name(address)
    assert parse_name(written_name("c/1", "a?b#c/d %")) == ("c/1", "a?b#c/d %")


def test_a_token_is_never_sent(authority: Authority) -> None:
    token = make_token(authority.identifier)
    again = read_token(f" {token}\n")
    assert (again.gateway, again.public) == (token.gateway, token.public)
    asked = ask(again, "North", make_request(KEY))
    secret = str(token).rpartition(".")[2].encode()
    assert secret not in asked
    assert read_ask(asked).token == token.public
    # Who sees it pass can put nothing of his own in its place.
    with pytest.raises(WireError):
        read_ask(asked.replace(b'"North"', b'"South"'))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "frisket1..",
        "frisket1.a.b",
        "x." + "a" * 43 + "." + "a" * 43,
        "frisket1." + "a" * 43 + ".äöü",
    ],
)
def test_what_is_no_token_is_told_so(text: str) -> None:
    with pytest.raises(UsageError):
        read_token(text)


def test_the_authority_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    made = open_authority(folder, NOW)
    assert open_authority(folder, NOW).identifier == made.identifier
    assert (folder / "authority.key").stat().st_mode & 0o077 == 0
    (folder / "authority.key").unlink()
    with pytest.raises(AuthorityFault):
        open_authority(folder, NOW)


def test_the_web_servers_certificate_is_renewed_in_time(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, NOW)
    first = server_files(authority, tmp_path, ["localhost"], NOW).read_bytes()
    assert server_files(authority, tmp_path, ["localhost"], NOW).read_bytes() == first
    assert server_files(authority, tmp_path, ["other"], NOW).read_bytes() != first
    later = NOW + timedelta(days=800)
    assert server_files(authority, tmp_path, ["other"], later).read_bytes() != first


@pytest.mark.parametrize("pem", ["", "-----BEGIN CERTIFICATE REQUEST-----\n", "x" * 9000])
def test_a_request_that_is_none_is_refused(authority: Authority, pem: str) -> None:
    with pytest.raises(WireError):
        issue(authority, pem, "c-1", "North", NOW)
