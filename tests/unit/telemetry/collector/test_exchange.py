"""Enrolling, renewing and asking: over real TLS, and refused where it must be."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.peers.pki import authority as other_authority
from tests.unit.telemetry.collector.gateways import Gateway, Wire, serve
from tests.unit.telemetry.collector.spools import Clock

from frisket.errors import LinkError, Refused, TlsFailed, UsageError, WireError
from frisket.net.web import Web, own_trust
from frisket.telemetry.authority import make_request, new_authority
from frisket.telemetry.collector.exchange import Exchange, GatewayRefused, enrol, over_https
from frisket.telemetry.collector.identity import (
    Identity,
    IdentityFault,
    Papers,
    is_enrolled,
    keep_papers,
    own_key,
    read_identity,
)
from frisket.telemetry.enrolment import make_token
from frisket.telemetry.envelope import Kind


def enrolled(folder: Path, gateway: Gateway, clock: Clock | None = None) -> Exchange:
    """Return an exchange that has been enrolled without a network."""
    moments = (clock or Clock()).moments()
    key = own_key(folder)
    got = gateway._certified(make_request(key), "c1")
    papers = Papers(
        *("https://gateway.invalid", gateway.site, "c1", gateway.authority.identifier),
        *(got["certificate"], got["authority"]),
        system=False,
        renew_at=moments.running() + gateway.renew_after * 1000,
    )
    keep_papers(folder, papers)
    return Exchange(folder, Identity(key, papers), Wire(gateway), moments)


async def test_a_token_enrols_once_and_is_never_sent(tmp_path: Path) -> None:
    gateway = Gateway()
    token = gateway.token()
    moments = Clock().moments()
    async with serve(gateway, tmp_path) as port:
        url = f"https://localhost:{port}"
        identity = await enrol(tmp_path / "data", url, "here", token, moments=moments)
        assert identity.papers.collector == "c1"
        assert not identity.papers.system
        secret = str(token).rpartition(".")[2]
        assert all(secret.encode() not in body for _, body in gateway.requests)
        key_file = tmp_path / "data" / "collector.key"
        assert key_file.stat().st_mode & 0o777 == 0o600
        with pytest.raises(GatewayRefused, match="token") as caught:
            await enrol(tmp_path / "again", url, "here", token, moments=moments)
        assert "once" in caught.value.hint
        assert not is_enrolled(tmp_path / "again")


async def test_another_gateway_does_not_get_to_enrol(tmp_path: Path) -> None:
    right, wrong = Gateway(), Gateway()
    token = right.token()
    wrong.tokens.add(token.public)
    async with serve(wrong, tmp_path) as port:
        with pytest.raises(WireError, match="another gateway"):
            await enrol(
                tmp_path / "data", f"https://localhost:{port}", "here", token,
                moments=Clock().moments(),
            )  # fmt: skip
    assert not is_enrolled(tmp_path / "data")


async def test_tls_believes_the_gateways_own_authority_and_no_other(tmp_path: Path) -> None:
    gateway = Gateway()
    async with serve(gateway, tmp_path) as port:
        url = f"https://localhost:{port}"
        for pem, believed in (
            (gateway.authority.pem, True),
            (new_authority(datetime.now(UTC)).pem, False),
            (other_authority("Somebody else's CA").pem.decode(), False),
        ):
            web = Web(url, own_trust(pem))
            try:
                if believed:
                    assert (await web.post("gateway/v1/enrol", b"x", "text/plain")).status == 400
                else:
                    with pytest.raises(TlsFailed, match="certificate"):
                        await web.post("gateway/v1/enrol", b"x", "text/plain")
            finally:
                await web.close()


async def test_a_connection_that_was_closed_meanwhile_is_opened_once_more(tmp_path: Path) -> None:
    gateway = Gateway()
    async with serve(gateway, tmp_path, most=1) as port:
        web = Web(f"https://localhost:{port}", own_trust(gateway.authority.pem))
        try:
            for _ in range(3):
                assert (await web.post("gateway/v1/enrol", b"x", "text/plain")).status == 400
        finally:
            await web.close()
    assert len(gateway.requests) == 3


async def test_nobody_there_is_said_as_such(tmp_path: Path) -> None:
    gateway = Gateway()
    async with serve(gateway, tmp_path) as port:
        pass
    web = Web(f"https://localhost:{port}", own_trust(gateway.authority.pem))
    with pytest.raises(Refused):
        await web.post("gateway/v1/batches", b"x", "text/plain")
    await web.close()


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    gateway = Gateway(orders={"version": 1, "devices": ["x" * 1000] * 200})
    async with serve(gateway, tmp_path) as port:
        exchange = enrolled(tmp_path / "data", gateway)
        context = own_trust(gateway.authority.pem)
        exchange.carrier = Web(f"https://localhost:{port}", context, limit=10_000)
        with pytest.raises(LinkError, match="over 10000 octets"):
            await exchange.ask("orders", Kind.ORDERS, b"{}")
        await exchange.carrier.close()


@pytest.mark.parametrize("url", ["http://gateway.invalid", "https://", "gateway", "https://a@b/"])
def test_only_https_is_a_gateways_address(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a gateway"):
        Web(url, ssl.create_default_context())


async def test_an_answer_that_is_not_signed_counts_for_nothing(tmp_path: Path) -> None:
    gateway = Gateway(forget_signature=True)
    exchange = enrolled(tmp_path, gateway)
    with pytest.raises(WireError, match="not the gateway's"):
        await exchange.ask("orders", Kind.ORDERS, b"{}")


async def test_an_expired_certificate_is_renewed_on_the_way(tmp_path: Path) -> None:
    gateway = Gateway()
    exchange = enrolled(tmp_path, gateway)
    before = exchange.identity.certificate
    gateway.later(days=30)
    assert await exchange.ask("orders", Kind.ORDERS, b"{}")
    assert exchange.identity.certificate != before
    assert read_identity(tmp_path).certificate == exchange.identity.certificate
    assert [path for path, _ in gateway.requests] == [
        f"gateway/v1/{name}" for name in ("orders", "renew", "orders")
    ]


async def test_a_certificate_is_due_for_renewal_by_running_time(tmp_path: Path) -> None:
    clock = Clock()
    exchange = enrolled(tmp_path, Gateway(), clock)
    clock.wall += 40 * 365 * 86400  # a clock that jumps renews nothing
    due = exchange.renewal_due
    assert not due
    clock.pass_by(400_001)
    due = exchange.renewal_due
    assert due
    await exchange.renew()
    due = exchange.renewal_due
    assert not due


async def test_a_stolen_certificate_is_of_no_use_without_its_key(tmp_path: Path) -> None:
    gateway = Gateway()
    victim = enrolled(tmp_path / "a", gateway)
    thief = enrolled(tmp_path / "b", Gateway())
    thief.identity = Identity(thief.identity.key, victim.identity.papers)
    thief.carrier = victim.carrier
    with pytest.raises(GatewayRefused, match="forged"):
        await thief.ask("orders", Kind.ORDERS, b"{}")


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "refuses"), (404, "does not take"), (500, "fails"), (503, "busy"), (413, "413")],
)
async def test_what_the_gateway_refuses_is_told(tmp_path: Path, status: int, words: str) -> None:
    exchange = enrolled(tmp_path, Gateway(fail=[status]))
    with pytest.raises(GatewayRefused, match=words) as caught:
        await exchange.ask("orders", Kind.ORDERS, b"{}")
    assert caught.value.status == status
    assert caught.value.again == (1.0 if status == 503 else 600.0 if status in {403, 404} else 0)


def test_lost_papers_and_keys_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IdentityFault, match="not enrolled") as caught:
        read_identity(tmp_path)
    assert "token" in caught.value.hint
    enrolled(tmp_path, Gateway())
    (tmp_path / "collector.key").chmod(0o644)
    with pytest.raises(IdentityFault, match="others may read"):
        read_identity(tmp_path)
    (tmp_path / "collector.key").unlink()
    with pytest.raises(IdentityFault, match="is missing"):
        read_identity(tmp_path)


def test_carriers_are_opened_by_what_enrolment_found(tmp_path: Path) -> None:
    exchange = enrolled(tmp_path, Gateway())
    assert isinstance(over_https()(exchange.identity.papers), Web)
    assert make_token("g" * 43).gateway == "g" * 43
