"""Files that the virtual MFD sends to vsftpd, Samba and Apache's WebDAV."""

from __future__ import annotations

import getpass
import hashlib
import os
import pwd
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.lab import make_device
from tests.peers.daemons import program
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import FrisketError, TlsFailed, UsageError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.scan import scan_and_send
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="this daemon gives up rights it must have")
pytestmark = pytest.mark.xdist_group("files")


def scanner(folder: Path, settings: Mapping[str, Value] | None = None) -> Device:
    return make_device(settings={"audit-log.save": True, **(settings or {})}, folder=folder)


def only_file(folder: Path) -> bytes:
    (path,) = [p for p in folder.rglob("*") if p.is_file()]
    octets = path.read_bytes()
    path.unlink()
    return octets


def refusal(device: Device) -> str:
    entry = list(device.log)[-1]
    assert (entry.kind, entry.result) == (LogKind.TRANSMISSION, "NG")
    return entry.detail


# -- FTP


@dataclass(frozen=True, slots=True)
class Ftp:
    port: int
    incoming: Path


@pytest.fixture(scope="module")
def ftp() -> Iterator[Ftp]:
    with open_folder() as folder:
        port = closed_port()
        for name in ("empty", "root", "root/incoming"):
            (folder / name).mkdir()
        os.chown(folder / "root" / "incoming", pwd.getpwnam("ftp").pw_uid, -1)
        lines = [
            *("listen=YES", "background=NO", f"listen_address={HOST}", f"listen_port={port}"),
            *(f"secure_chroot_dir={folder}/empty", f"anon_root={folder}/root"),
            *(
                "seccomp_sandbox=NO",
                "anonymous_enable=YES",
                "local_enable=NO",
                "no_anon_password=YES",
            ),
            *("write_enable=YES", "anon_upload_enable=YES", "anon_umask=022"),
        ]
        (folder / "vsftpd.conf").write_text("\n".join(lines) + "\n")
        with serving(["vsftpd", str(folder / "vsftpd.conf")], port, folder=folder):
            yield Ftp(port, folder / "root" / "incoming")


@ROOT
@pytest.mark.peer("vsftpd")
async def test_a_scan_goes_to_an_ftp_server(ftp: Ftp, tmp_path: Path) -> None:
    device = scanner(tmp_path)
    await scan_and_send(device, f"ftp://{HOST}:{ftp.port}/incoming", 1, "alice")
    assert only_file(ftp.incoming).startswith(b"%PDF-")
    assert list(device.log)[-1].result == "OK"


@ROOT
@pytest.mark.peer("vsftpd")
@pytest.mark.parametrize("place", ["nowhere", ""])
async def test_a_folder_that_is_closed_is_a_logged_failure(
    ftp: Ftp, tmp_path: Path, place: str
) -> None:
    device = scanner(tmp_path)
    with pytest.raises(OutsideFault, match="55"):
        await scan_and_send(device, f"ftp://{HOST}:{ftp.port}/{place}", 1, "alice")
    assert "FTP server said 55" in refusal(device)


@ROOT
@pytest.mark.peer("vsftpd")
async def test_a_wrong_login_is_a_logged_failure(ftp: Ftp, tmp_path: Path) -> None:
    device = scanner(tmp_path)
    with pytest.raises(OutsideFault, match="530"):
        await scan_and_send(device, f"ftp://carol:secret@{HOST}:{ftp.port}/incoming", 1, "alice")
    assert "secret" not in refusal(device)


# -- SMB


@dataclass(frozen=True, slots=True)
class Share:
    port: int
    folder: Path


def samba(folder: Path, port: int, *more: str) -> list[str]:
    for name in ("private", "state", "scan"):
        (folder / name).mkdir()
    lines = ["[global]", f"interfaces = {HOST}", "bind interfaces only = yes"]
    lines += [f"smb ports = {port}", "disable netbios = yes", "netbios name = LAB"]
    lines += ["security = user", "map to guest = Never", f"private dir = {folder}/private", *more]
    for option in ("lock directory", "state directory", "cache directory", "pid directory"):
        lines.append(f"{option} = {folder}/state")
    lines += [f"ncalrpc dir = {folder}/rpc", f"log file = {folder}/log", "load printers = no"]
    lines += ["disable spoolss = yes", "[scan]", f"path = {folder}/scan", "read only = no"]
    path = folder / "smb.conf"
    path.write_text("\n".join(lines) + "\n")
    add = [program("smbpasswd"), "-c", str(path), "-s", "-a", getpass.getuser()]
    subprocess.run(add, input=b"scanpass1\nscanpass1\n", check=True, capture_output=True)
    return ["smbd", "-F", "--no-process-group", "-s", str(path)]


@pytest.fixture(scope="module", params=["signed", "encrypted", "SMB 2 only"])
def share(request: pytest.FixtureRequest) -> Iterator[tuple[Share, str]]:
    more = {
        "signed": ["server signing = mandatory"],
        "encrypted": ["smb encrypt = required", "server min protocol = SMB3"],
        "SMB 2 only": ["server max protocol = SMB2_10"],
    }
    with open_folder() as folder:
        port = closed_port()
        with serving(samba(folder, port, *more[request.param]), port, folder=folder):
            yield Share(port, folder / "scan"), request.param


def to_share(share: Share, password: str = "scanpass1") -> str:
    return f"smb://{getpass.getuser()}:{password}@{HOST}:{share.port}/scan"


@ROOT
@pytest.mark.peer("samba")
async def test_a_scan_goes_to_a_share_in_the_versions_allowed(
    share: tuple[Share, str], tmp_path: Path
) -> None:
    where, kind = share
    for versions in (("1.0", "2.0", "3.0"), ("2.0",), ("3.0",), ("1.0",)):
        device = scanner(tmp_path / "".join(versions), {"smb.client.versions": versions})
        spoken = {"signed": {"2.0", "3.0"}, "encrypted": {"3.0"}, "SMB 2 only": {"2.0"}}[kind]
        if spoken.intersection(versions):
            await scan_and_send(device, to_share(where), 2, "alice")
            assert only_file(where.folder).startswith(b"%PDF-")
            assert list(device.log)[-1].result == "OK"
        else:
            with pytest.raises(FrisketError):
                await scan_and_send(device, to_share(where), 2, "alice")
            assert refusal(device)
            assert not list(where.folder.iterdir())


@ROOT
@pytest.mark.peer("samba")
async def test_a_wrong_password_and_a_wrong_share_are_logged_failures(
    share: tuple[Share, str], tmp_path: Path
) -> None:
    device = scanner(tmp_path)
    with pytest.raises(OutsideFault, match=r"refused|login"):
        await scan_and_send(device, to_share(share[0], "wrong"), 1, "alice")
    assert "wrong" not in refusal(device)
    with pytest.raises(OutsideFault, match="refused"):
        await scan_and_send(device, to_share(share[0]).replace("/scan", "/other"), 1, "alice")
    with pytest.raises(UsageError, match="share"):
        await scan_and_send(device, f"smb://{HOST}:{share[0].port}/", 1, "alice")


# -- WebDAV


@dataclass(frozen=True, slots=True)
class Dav:
    plain: int
    secure: int
    folder: Path
    ca: bytes


MODULES = (
    *("mpm_event", "authz_core", "authn_core", "authz_user", "auth_basic", "auth_digest"),
    *("authn_file", "dav", "dav_fs", "ssl", "socache_shmcb", "dir", "mime"),
)


def apache(folder: Path, plain: int, secure: int, key: Path, certificate: Path) -> list[str]:
    for name in ("basic", "digest", "open"):
        (folder / "root" / name).mkdir(parents=True)
    for path in (folder / "root").rglob("*"):
        os.chown(path, pwd.getpwnam("www-data").pw_uid, -1)
    os.chown(folder, pwd.getpwnam("www-data").pw_uid, -1)
    secret = b64encode(hashlib.sha1(b"davpass1").digest()).decode()
    (folder / "users").write_text(f"dav:{{SHA}}{secret}\n")
    digest = hashlib.md5(b"dav:lab:davpass1").hexdigest()
    (folder / "digests").write_text(f"dav:lab:{digest}\n")
    lines = [f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES]
    lines += [f"ServerRoot {folder}", "ServerName localhost", f"PidFile {folder}/pid"]
    lines += [f"ErrorLog {folder}/errors", f"DavLockDB {folder}/locks", "TypesConfig /dev/null"]
    lines += [f"DocumentRoot {folder}/root", f"Listen {HOST}:{plain}", f"Listen {HOST}:{secure}"]
    lines += ["User www-data", "Group www-data", "<Location /open>", "Dav On", "</Location>"]
    for scheme, file in (("Basic", "users"), ("Digest", "digests")):
        lines += [f"<Location /{scheme.lower()}>", "Dav On", f"AuthType {scheme}", "AuthName lab"]
        lines += [f"AuthUserFile {folder}/{file}", "Require valid-user", "</Location>"]
    lines += [f"<VirtualHost *:{secure}>", "SSLEngine on", f"SSLCertificateFile {certificate}"]
    lines += [f"SSLCertificateKeyFile {key}", "</VirtualHost>"]
    (folder / "httpd.conf").write_text("\n".join(lines) + "\n")
    return ["apache2", "-X", "-f", str(folder / "httpd.conf")]


@pytest.fixture(scope="module")
def dav() -> Iterator[Dav]:
    with open_folder() as folder:
        ca = authority("The CA of the file server")
        key, certificate = ca.issue(folder, "localhost")
        plain, secure = closed_port(), closed_port()
        with serving(apache(folder, plain, secure, key, certificate), plain, folder=folder):
            yield Dav(plain, secure, folder / "root", ca.pem)


@ROOT
@pytest.mark.peer("apache2")
@pytest.mark.parametrize("place", ["open", "basic", "digest"])
async def test_a_scan_goes_to_webdav_whatever_login_is_asked(
    dav: Dav, tmp_path: Path, place: str
) -> None:
    device = scanner(tmp_path)
    url = f"http://dav:davpass1@{HOST}:{dav.plain}/{place}"
    await scan_and_send(device, url, 1, "alice")
    assert only_file(dav.folder / place).startswith(b"%PDF-")


@ROOT
@pytest.mark.peer("apache2")
@pytest.mark.parametrize("place", ["basic", "digest", "nowhere/deeper"])
async def test_what_webdav_refuses_is_a_logged_failure(
    dav: Dav, tmp_path: Path, place: str
) -> None:
    device = scanner(tmp_path)
    with pytest.raises(OutsideFault, match="answered 4"):
        await scan_and_send(device, f"http://dav:no@{HOST}:{dav.plain}/{place}", 1, "alice")
    assert "answered 4" in refusal(device)


@ROOT
@pytest.mark.peer("apache2")
async def test_webdav_over_tls_is_verified_as_the_settings_say(dav: Dav, tmp_path: Path) -> None:
    verify: dict[str, Value] = {"webdav.client.verify": True, "webdav.client.verify-cn": True}
    by_name, by_address = (f"https://{host}:{dav.secure}/open" for host in ("localhost", HOST))
    device = scanner(tmp_path / "strict", verify)
    with pytest.raises(TlsFailed, match="certificate"):
        await scan_and_send(device, by_name, 1, "alice")
    assert "certificate is refused" in refusal(device)
    trust(device, dav.ca, "test")
    await scan_and_send(device, by_name, 1, "alice")
    only_file(dav.folder / "open")
    with pytest.raises(TlsFailed, match="mismatch"):
        await scan_and_send(device, by_address, 1, "alice")
    assert not list((dav.folder / "open").iterdir())
    easy = scanner(tmp_path / "easy")
    await scan_and_send(easy, by_address, 1, "alice")
    only_file(dav.folder / "open")


async def test_new_file_servers_are_refused_where_they_are_limited(tmp_path: Path) -> None:
    device = scanner(tmp_path, {"send.limit-new.file": True})
    with pytest.raises(OutsideFault, match="restricted"):
        await scan_and_send(device, f"ftp://{HOST}:1/x", 1, "alice")
    device.addresses.put(Address("Files", AddressKind.FILE, f"ftp://{HOST}:1/x"))
    with pytest.raises(FrisketError, match="refused"):
        await scan_and_send(device, "Files", 1, "alice")


@pytest.mark.parametrize("port", [9100, 515])
@pytest.mark.parametrize("scheme", ["ftp", "http", "smb"])
async def test_no_file_goes_to_a_print_port(tmp_path: Path, scheme: str, port: int) -> None:
    device = scanner(tmp_path)
    with pytest.raises(FrisketError, match="prints what it receives"):
        await scan_and_send(device, f"{scheme}://{HOST}:{port}/x", 1, "alice")
