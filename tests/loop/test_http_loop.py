"""The Remote UI probe against real listeners."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.loop.bench import ADDRESS, bench
from tests.loop.identity import server_context
from tests.unit.probe.visits import value, why

from frisket.model.reading import Why
from frisket.probe.base import Options
from frisket.probe.http import MAX_HOPS, PROBE
from frisket.proto.http.wire import Request, Response

LOGIN = b"<title>Remote UI: Login: iR-ADV C5535</title><form name=login><input type=password>"


def to_tls(request: Request) -> Response:
    return Response(302, (("location", "https://null:8443/"), ("server", "Catwalk")))


def login(request: Request) -> Response:
    if request.target == "/":
        return Response(302, (("location", "/login"),))
    cookie = ("set-cookie", "iR=1; Secure; HttpOnly; Path=/")
    hsts = ("strict-transport-security", "max-age=600")
    return Response(200, (cookie, hsts, ("content-type", "text/html")), LOGIN)


async def test_a_protected_remote_ui(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    async with bench() as device:
        await device.web(80, to_tls)
        await device.web(8000, to_tls)
        await device.web(8443, login, context)
        found = await PROBE.run(device.visit())
    assert {key: value(found, key) for key in PROBE.reads} == {
        "remote-ui.enabled": True,
        "http.enabled": True,
        "remote-ui.tls.enabled": True,
        "remote-ui.plaintext": False,
        "remote-ui.session-cookie.secure": True,
        "remote-ui.hsts": True,
        "remote-ui.login": True,
    }
    assert (found.identity.vendor, found.identity.model) == ("Canon", "iR-ADV C5535")
    assert device.most_open <= 2


async def test_remote_ui_off() -> None:
    async with bench() as device:
        found = await PROBE.run(device.visit())
    assert value(found, "remote-ui.enabled") is False
    assert why(found, "http.enabled") is Why.REFUSED


async def test_a_redirect_is_followed_on_the_same_address_only() -> None:
    async with bench() as device:
        asked: list[str] = []

        def portal(request: Request) -> Response:
            asked.append(request.target)
            if request.target == "/":
                there = f"http://{ADDRESS}:{device.ports[8000]}/rps/"
                return Response(302, (("location", there),))
            if request.target == "/rps/":
                return Response(
                    200, (), b"<meta http-equiv=refresh content='0;url=http://127.0.0.9/x'>"
                )
            return Response(404)

        await device.web(80, portal)
        await device.web(8000, portal)
        found = await PROBE.run(device.visit())
    assert sorted(asked) == ["/", "/", "/rps/", "/rps/"]
    assert why(found, "remote-ui.plaintext") is Why.NOT_ASKED


async def test_an_endless_redirect_ends() -> None:
    count = 0

    def away(request: Request) -> Response:
        nonlocal count
        count += 1
        return Response(302, (("location", f"/{count}"),))

    async with bench() as device:
        await device.web(80, away)
        found = await PROBE.run(device.visit())
    assert count == MAX_HOPS + 1
    assert value(found, "remote-ui.enabled") is True


async def test_a_port_that_speaks_something_else() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await writer.drain()
        await reader.read(1000)

    async with bench() as device:
        await device.listen(80, greet)
        found = await PROBE.run(device.visit())
    assert why(found, "remote-ui.enabled") is Why.GARBLED


async def test_a_dripping_server_is_left() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            writer.write(b"a: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with bench() as device:
        await device.listen(80, drip)
        found = await PROBE.run(device.visit(options=Options(patience=0.1)))
    assert why(found, "remote-ui.enabled") is Why.SILENT
