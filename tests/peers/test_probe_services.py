"""Probes judged by servers nobody here wrote, each set once as it should be and once not."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.peers.daemons import certificate, daemon
from tests.peers.test_smb_negotiate import samba
from tests.unit.probe.lan import HOST, closed_port, see
from tests.unit.probe.visits import only, value, why
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from frisket.model.reading import Unread, Why
from frisket.probe import ftp, mdns, rfb, sip, smb, smtp, webdav

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="this daemon gives up rights it must have")


@pytest.fixture
def shown_folder() -> Iterator[Path]:
    """Return a folder that daemons can enter after giving up their rights, unlike pytest's."""
    with TemporaryDirectory(prefix="frisket-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def vsftpd(folder: Path, *lines: str) -> tuple[list[str], int]:
    """Write a configuration; return the command and its port."""
    port = closed_port()
    empty = folder / "empty"
    empty.mkdir()
    empty.chmod(0o755)
    settings = ["listen=YES", "background=NO", f"listen_address={HOST}", f"listen_port={port}"]
    settings += [f"secure_chroot_dir={empty}", f"anon_root={empty}", "seccomp_sandbox=NO"]
    settings += [f"vsftpd_log_file={folder / 'log'}", *lines]
    path = folder / "vsftpd.conf"
    path.write_text("\n".join(settings) + "\n")
    return ["vsftpd", str(path)], port


@ROOT
@pytest.mark.peer("vsftpd")
async def test_vsftpd_that_takes_anyone_in_clear_text(tmp_path: Path) -> None:
    command, port = vsftpd(tmp_path, "anonymous_enable=YES", "local_enable=NO")
    tmp_path.chmod(0o755)
    async with daemon(command, port, folder=tmp_path):
        seen = await see(ftp.PROBE, {21: port})
        allowed = await see(ftp.PROBE, {21: port}, anonymous_ftp=True)
    assert value(seen, ftp.ENABLED) is True
    assert value(seen, ftp.TLS) is False
    assert why(seen, ftp.AUTHENTICATION) is Why.NOT_ASKED
    assert value(allowed, ftp.AUTHENTICATION) is False
    assert "vsFTPd" in seen.facts["ftp"]


@ROOT
@pytest.mark.peer("vsftpd")
@pytest.mark.peer("openssl")
async def test_vsftpd_that_asks_who_it_is_and_offers_tls(tmp_path: Path) -> None:
    key, cert = certificate(tmp_path)
    secure = ["ssl_enable=YES", f"rsa_cert_file={cert}", f"rsa_private_key_file={key}"]
    command, port = vsftpd(tmp_path, "anonymous_enable=NO", "local_enable=YES", *secure)
    async with daemon(command, port, folder=tmp_path):
        seen = await see(ftp.PROBE, {21: port})
    assert value(seen, ftp.TLS) is True
    assert why(seen, ftp.AUTHENTICATION) is Why.NOT_ASKED


@ROOT
@pytest.mark.peer("vsftpd")
async def test_vsftpd_that_takes_only_its_users(tmp_path: Path) -> None:
    command, port = vsftpd(tmp_path, "anonymous_enable=NO", "local_enable=YES")
    async with daemon(command, port, folder=tmp_path):
        # A wrong password is answered late.
        seen = await see(ftp.PROBE, {21: port}, anonymous_ftp=True, patience=20)
    assert value(seen, ftp.AUTHENTICATION) is True


def postfix(folder: Path, *lines: str) -> tuple[list[str], int]:
    """Write an instance of Postfix that only listens; return the command and its port."""
    port = closed_port()
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)
    settings = [f"queue_directory = {folder / 'queue'}", f"data_directory = {folder / 'data'}"]
    settings += ["compatibility_level = 3.6", "inet_interfaces = 127.0.0.1"]
    settings += ["inet_protocols = ipv4", "myhostname = mfd.invalid", "mydestination ="]
    settings += ["maillog_file = /dev/stdout", "smtpd_relay_restrictions = reject", *lines]
    (folder / "etc" / "main.cf").write_text("\n".join(settings) + "\n")
    services = [f"{port} inet n - n - - smtpd", "anvil unix - - n - 1 anvil"]
    services += ["cleanup unix n - n - 0 cleanup", "rewrite unix - - n - - trivial-rewrite"]
    services += ["tlsmgr unix - - n 1000? 1 tlsmgr", "proxymap unix - - n - - proxymap"]
    services += ["qmgr unix n - n 300 1 qmgr", "postlog unix-dgram n - n - 1 postlogd"]
    services += ["pickup unix n - n 60 1 pickup", "bounce unix - - n - 0 bounce"]
    (folder / "etc" / "master.cf").write_text("\n".join(services) + "\n")
    return ["postfix", "-c", str(folder / "etc"), "start-fg"], port


@ROOT
@pytest.mark.peer("postfix")
async def test_postfix_without_tls(shown_folder: Path) -> None:
    command, port = postfix(shown_folder, "smtpd_tls_security_level = none")
    async with daemon(command, port, folder=shown_folder):
        seen = await see(smtp.PROBE, {25: port}, patience=20)
    assert value(seen, smtp.ENABLED) is True
    assert value(seen, smtp.TLS) == "off"
    assert "Postfix" in seen.facts["smtp"]
    queued = [
        p for p in (shown_folder / "queue").rglob("*") if p.is_file() and p.parent.name != "pid"
    ]
    assert not [p for p in queued if p.parts[-2] in {"incoming", "maildrop", "active", "deferred"}]


@ROOT
@pytest.mark.peer("postfix")
@pytest.mark.peer("openssl")
@pytest.mark.parametrize("level", ["may", "encrypt"])
async def test_postfix_with_tls_offered_or_demanded_looks_the_same(
    shown_folder: Path, level: str
) -> None:
    key, cert = certificate(shown_folder)
    tls = [f"smtpd_tls_cert_file = {cert}", f"smtpd_tls_key_file = {key}"]
    command, port = postfix(shown_folder, f"smtpd_tls_security_level = {level}", *tls)
    async with daemon(command, port, folder=shown_folder):
        seen = await see(smtp.PROBE, {25: port}, patience=20)
    reading = only(seen, smtp.TLS)
    assert isinstance(reading, Unread)
    assert "STARTTLS is offered" in reading.detail


@pytest.mark.peer("samba")
@pytest.mark.parametrize(
    ("settings", "dialects", "signed"),
    [
        (
            ("server signing = mandatory", "server min protocol = SMB3_00"),
            ("SMB3.0", "SMB3.0.2", "SMB3.1.1"),
            True,
        ),
        (
            ("server signing = disabled", "server min protocol = NT1"),
            ("SMB1", "SMB2.0.2", "SMB2.1", "SMB3.0", "SMB3.0.2", "SMB3.1.1"),
            False,
        ),
    ],
)
async def test_samba(
    tmp_path: Path, settings: tuple[str, ...], dialects: tuple[str, ...], *, signed: bool
) -> None:
    with samba(tmp_path, *settings) as port:
        seen = await see(smb.PROBE, {445: port}, patience=20)
    assert value(seen, smb.ENABLED) is True
    assert value(seen, smb.DIALECTS) == dialects
    assert value(seen, smb.SIGNATURE) is signed


@pytest.mark.peer("tigervnc-standalone-server")
@pytest.mark.parametrize(("security", "asked"), [("None", False), ("VncAuth", True)])
async def test_tigervnc(tmp_path: Path, security: str, *, asked: bool) -> None:
    port, display = closed_port(), 100 + os.getpid() % 400
    (tmp_path / "password").write_bytes(bytes(8))
    command = ["Xtigervnc", f":{display}", "-geometry", "320x200", "-rfbport", str(port)]
    command += ["-interface", HOST, "-SecurityTypes", security, "-nolisten", "tcp"]
    command += ["-PasswordFile", str(tmp_path / "password"), "-nolisten", "unix"]
    async with daemon(command, port, folder=tmp_path):
        seen = await see(rfb.PROBE, {5900: port})
    assert value(seen, rfb.ENABLED) is True
    assert value(seen, rfb.ASKED) is asked
    assert seen.facts["rfb"] == "RFB 3.8"


def apache(folder: Path, *lines: str) -> tuple[list[str], int, int]:
    """Write a server with WebDAV at /webdav; return the command, the plain and the TLS port."""
    plain, encrypted = closed_port(), closed_port()
    key, cert = certificate(folder)
    (folder / "root" / "webdav").mkdir(parents=True)
    (folder / "users").write_text("dav:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    modules: tuple[str, ...] = (
        "mpm_event",
        "authz_core",
        "authn_core",
        "authz_user",
        "auth_basic",
        "authn_file",
    )
    modules += ("auth_digest", "dav", "dav_fs", "ssl", "dir", "mime", "socache_shmcb")
    where = "/usr/lib/apache2/modules"
    settings = [f"LoadModule {name}_module {where}/mod_{name}.so" for name in modules]
    settings += [f"ServerRoot {folder}", "ServerName printer.invalid", f"PidFile {folder}/pid"]
    settings += [f"ErrorLog {folder}/errors", f"DavLockDB {folder}/locks", "TypesConfig /dev/null"]
    settings += [f"DocumentRoot {folder}/root", f"Listen {HOST}:{plain}"]
    settings += [f"Listen {HOST}:{encrypted}", "User www-data", "Group www-data", *lines]
    settings += [f"<VirtualHost *:{encrypted}>", "SSLEngine on", f"SSLCertificateFile {cert}"]
    settings += [f"SSLCertificateKeyFile {key}", "</VirtualHost>"]
    (folder / "httpd.conf").write_text("\n".join(settings) + "\n")
    return ["apache2", "-X", "-f", str(folder / "httpd.conf")], plain, encrypted


@pytest.mark.peer("apache2")
@pytest.mark.peer("openssl")
async def test_apache_with_webdav_for_anyone(shown_folder: Path) -> None:
    command, plain, encrypted = apache(shown_folder, "<Location /webdav>", "Dav On", "</Location>")
    async with daemon(command, plain, folder=shown_folder):
        seen = await see(webdav.PROBE, {80: plain, 443: encrypted})
        over_tls = await see(webdav.PROBE, {80: closed_port(), 443: encrypted})
    assert value(seen, webdav.ENABLED) is True
    assert value(seen, webdav.TLS) is False
    assert why(seen, webdav.AUTHENTICATION) is Why.NOT_ASKED
    assert value(over_tls, webdav.TLS) is True


@pytest.mark.peer("apache2")
@pytest.mark.peer("openssl")
@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
async def test_apache_with_a_login(shown_folder: Path, scheme: str) -> None:
    lock = ["<Location /webdav>", "Dav On", f"AuthType {scheme}", "AuthName lab"]
    lock += [f"AuthUserFile {shown_folder}/users", "Require valid-user", "</Location>"]
    command, plain, encrypted = apache(shown_folder, *lock)
    async with daemon(command, plain, folder=shown_folder):
        seen = await see(webdav.PROBE, {80: plain, 443: encrypted})
    assert value(seen, webdav.ENABLED) is True
    assert value(seen, webdav.AUTHENTICATION) == scheme.lower()
    assert value(seen, webdav.TLS) is False


@pytest.mark.peer("sip-tester")
async def test_sipp_answers_without_saying_what_it_is_for(tmp_path: Path) -> None:
    port = closed_port()
    scenario = tmp_path / "options.xml"
    scenario.write_text(
        """<?xml version="1.0" encoding="UTF-8"?><scenario name="options">
        <recv request="OPTIONS"/><send><![CDATA[

        SIP/2.0 200 OK
        [last_Via:]
        [last_From:]
        [last_To:];tag=[call_number]
        [last_Call-ID:]
        [last_CSeq:]
        Server: sipp
        Content-Length: 0

        ]]></send></scenario>"""
    )
    command = ["sipp", "-sf", str(scenario), "-i", HOST, "-p", str(port), "-nostdin"]
    async with daemon(command, port, folder=tmp_path, udp=True):
        seen = await see(sip.PROBE, {5060: port, 5061: closed_port()})
    assert {why(seen, key) for key in sip.KEYS} == {Why.UNSUPPORTED}
    assert seen.facts["sip"] == "port 5060/udp answers 200 OK sipp"


@pytest.mark.peer("x11vnc")
@pytest.mark.peer("tigervnc-standalone-server")
async def test_x11vnc_of_version_3_3_dictates_the_type(tmp_path: Path) -> None:
    port, display = closed_port(), f":{500 + os.getpid() % 400}"
    screen = ["Xtigervnc", display, "-geometry", "320x200", "-SecurityTypes", "None"]
    own = closed_port()
    screen += ["-rfbport", str(own), "-interface", HOST, "-nolisten", "tcp"]
    secret = str(tmp_path / "secret")
    server = ["x11vnc", "-display", display, "-rfbversion", "3.3", "-rfbport", str(port)]
    server += ["-listen", HOST, "-noshm", "-forever", "-nevershared", "-passwdfile", secret]
    Path(secret).write_text("panel123\n")
    async with daemon(screen, own, folder=tmp_path), daemon(server, port, folder=tmp_path):
        seen = await see(rfb.PROBE, {5900: port})
    assert seen.facts["rfb"] == "RFB 3.3"
    assert value(seen, rfb.ASKED) is True


async def test_zeroconf_answers_a_unicast_question() -> None:
    """Zeroconf's responder binds port 5353 of the address it is told, so that is asked."""
    address = f"127.66.{os.getpid() % 250}.1"
    name = "Virtual MFD._ipp._tcp.local."
    texts = {"rp": "ipp/print", "ty": "Canon iR-ADV C3325", "mopria-certified": "1.3"}
    async with AsyncZeroconf(interfaces=[address]) as responder:
        for kind in ("_ipp._tcp.local.", "_universal._sub._ipp._tcp.local."):
            service = ServiceInfo(
                kind,
                name.replace("_ipp._tcp.local.", kind),
                addresses=[bytes(map(int, address.split(".")))],
                port=631,
                properties=texts,
                server="mfd.local.",
            )
            await responder.zeroconf.async_wait_for_start()
            responder.zeroconf.registry.async_add(service)
        seen = await see(mdns.PROBE, {}, host=address)
    assert value(seen, mdns.IPV4) is True
    assert value(seen, mdns.AIRPRINT) is True
    assert value(seen, mdns.MOPRIA) is True
    assert seen.identity.model == "iR-ADV C3325"
    assert "_ipp._tcp" in seen.facts["mdns"]
