"""The HTTP, IPP and TLS probes against nginx: another HTTP implementation than our own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.loop.bench import bench
from tests.loop.identity import write_identity
from tests.unit.probe.visits import only, value, why

from frisket.model.reading import Unread, Why
from frisket.probe import http, ipp, tls

pytestmark = pytest.mark.peer("nginx")

CONF = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{ listen 127.0.0.1:{plain}; return 301 https://printer.example/; }}
  server {{
    listen 127.0.0.1:{secure} ssl;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header Set-Cookie "session=1; Path=/; HttpOnly";
    default_type text/html; gzip on;
    location / {{ return 200 "<title>Web</title><form id=login><input type=password></form>"; }}
  }}
  server {{ listen 127.0.0.1:{ipp} ssl; location / {{ return 404; }} }}
}}
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int, int]]:
    """Run nginx: plain, TLS and IPP port."""
    write_identity(folder)
    plain, secure, printing = free_ports(3)
    conf = folder / "nginx.conf"
    conf.write_text(CONF.format(folder=folder, plain=plain, secure=secure, ipp=printing))
    command = ["/usr/sbin/nginx", "-c", str(conf), "-p", str(folder), "-e", str(folder / "log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(printing, server)
            yield plain, secure, printing
        finally:
            server.terminate()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return


async def test_what_nginx_was_set_to_do(tmp_path: Path) -> None:
    with nginx(tmp_path) as (plain, secure, printing):
        async with bench() as device:
            device.ports.update({80: plain, 443: secure, 631: printing})
            web = await http.PROBE.run(device.visit())
            encrypted = await tls.PROBE.run(device.visit())
            printer = await ipp.PROBE.run(device.visit())
    assert value(web, "remote-ui.plaintext") is False
    assert value(web, "remote-ui.tls.enabled") is True
    assert value(web, "remote-ui.hsts") is True
    assert value(web, "remote-ui.login") is True
    assert value(web, "remote-ui.session-cookie.secure") is False
    assert value(encrypted, "tls.versions") == ("TLSv1.2", "TLSv1.3")
    assert value(encrypted, "tls.weak-ciphers") == ()
    assert value(encrypted, "certificate.days-left") == 90
    assert why(printer, "ipp.enabled") is Why.GARBLED
    reading = only(printer, "ipp.enabled")
    assert isinstance(reading, Unread)
    assert "no IPP printer" in reading.detail
    assert not web.printer
    assert not printer.printer
