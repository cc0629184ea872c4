"""What a library serves on our socket goes out at once."""

from __future__ import annotations

import asyncio
import socket

from frisket.net.listen import bound_tcp


async def test_small_parts_of_an_answer_do_not_wait_for_each_other() -> None:
    met: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda _reader, writer: met.set_result(writer), sock=bound_tcp("127.0.0.1", 0)
    )
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        served = await met
        accepted = served.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        for one in (writer, served):
            one.close()
            await one.wait_closed()
