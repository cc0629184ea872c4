"""Addresses that the virtual MFD looks up in OpenLDAP's slapd."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

import pytest
from tests.lab import make_device
from tests.peers.daemons import program
from tests.peers.pki import authority
from tests.peers.serving import open_folder, serving
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import FrisketError, TlsFailed, UsageError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.directory import Person, look_up
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value

pytestmark = [pytest.mark.peer("slapd"), pytest.mark.xdist_group("slapd")]

PEOPLE = """dn: dc=lab
objectClass: dcObject
objectClass: organization
dc: lab
o: Lab

dn: ou=people,dc=lab
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=lab
objectClass: inetOrgPerson
uid: alice
cn: Alice Example
sn: Example
mail: alice@lab.test
userPassword: alicepw
facsimileTelephoneNumber: +49301234567

dn: uid=bob,ou=people,dc=lab
objectClass: inetOrgPerson
uid: bob
cn:: Qm9iIMOcbsOvY29kZQ==
sn: Unicode
mail: bob@lab.test
userPassword: bobpw

dn: uid=nobody,ou=people,dc=lab
objectClass: inetOrgPerson
uid: nobody
cn: Nobody (with) *stars*
sn: Nobody
"""


@dataclass(frozen=True, slots=True)
class Directory:
    """A running slapd: plain with StartTLS, and with TLS from the start."""

    plain: int
    secure: int
    ca: bytes


def configuration(folder: Path, key: Path, certificate: Path) -> str:
    schemas = ("core", "cosine", "inetorgperson")
    return "\n".join(
        [
            *(f"include /etc/ldap/schema/{name}.schema" for name in schemas),
            "modulepath /usr/lib/ldap",
            "moduleload back_mdb",
            f"pidfile {folder}/pid",
            f"TLSCertificateFile {certificate}",
            f"TLSCertificateKeyFile {key}",
            "TLSProtocolMin 3.3",
            'authz-regexp "uid=([^,]*),cn=digest-md5,cn=auth" "uid=$1,ou=people,dc=lab"',
            "password-hash {CLEARTEXT}",
            "database mdb",
            'suffix "dc=lab"',
            f"directory {folder}/db",
            "access to attrs=userPassword by anonymous auth by * none",
            "access to * by * read",
            "",
        ]
    )


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    with open_folder() as folder:
        ca = authority("The CA of the directory")
        key, certificate = ca.issue(folder, "localhost")
        (folder / "db").mkdir()
        path, people = folder / "slapd.conf", folder / "people.ldif"
        path.write_text(configuration(folder, key, certificate))
        people.write_text(PEOPLE)
        add = [program("slapadd"), "-f", str(path), "-l", str(people)]
        run(add, check=True, capture_output=True)
        plain, secure = closed_port(), closed_port()
        places = f"ldap://{HOST}:{plain} ldaps://{HOST}:{secure}"
        command = ["slapd", "-d", "0", "-f", str(path), "-h", places]
        with serving(command, plain, folder=folder):
            yield Directory(plain, secure, ca.pem)


def searcher(folder: Path, server: str, settings: Mapping[str, Value]) -> Device:
    own: dict[str, Value] = {"ldap.enabled": True, "ldap.server": server, "ldap.base": "dc=lab"}
    return make_device(settings={**own, "audit-log.save": True, **settings}, folder=folder)


ALICE = Person("Alice Example", "alice@lab.test", "+49301234567")
TLS: Mapping[str, Value] = {"ldap.tls": True, "ldap.verify": True}


@pytest.mark.parametrize("way", ["plain", "starttls", "ldaps"])
async def test_people_are_found_by_part_of_their_name(
    directory: Directory, tmp_path: Path, way: str
) -> None:
    port = directory.secure if way == "ldaps" else directory.plain
    scheme = "ldaps" if way == "ldaps" else "ldap"
    settings = {} if way == "plain" else TLS
    device = searcher(tmp_path, f"{scheme}://localhost:{port}", settings)
    trust(device, directory.ca, "test")
    assert await look_up(device, "lice", "test") == (ALICE,)
    assert [p.name for p in await look_up(device, "ünï", "test")] == ["Bob Ünïcode"]
    assert len(await look_up(device, "lab.test", "test")) == 2
    assert list(device.log)[-1].result == "OK"


@pytest.mark.parametrize("text", ["*", "*)(cn=*", "(with", "\\", "nobody"])
async def test_what_is_typed_is_no_filter(directory: Directory, tmp_path: Path, text: str) -> None:
    device = searcher(tmp_path, f"ldap://localhost:{directory.plain}", {})
    assert await look_up(device, text, "test") == ()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("trusts", ["nothing", "another", "the right one by another name"])
async def test_a_refused_certificate_is_a_logged_failure(
    directory: Directory, tmp_path: Path, scheme: str, trusts: str
) -> None:
    port = directory.secure if scheme == "ldaps" else directory.plain
    host = HOST if "name" in trusts else "localhost"
    device = searcher(tmp_path, f"{scheme}://{host}:{port}", TLS)
    if trusts != "nothing":
        ca = authority("Another").pem if trusts == "another" else directory.ca
        trust(device, ca, "test")
    with pytest.raises(TlsFailed, match="certificate is refused"):
        await look_up(device, "alice", "test")
    entry = list(device.log)[-1]
    assert (entry.kind, entry.result) == (LogKind.NETWORK_CONNECTION, "NG")
    assert "certificate is refused" in entry.detail


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_without_verification_any_certificate_will_do(
    directory: Directory, tmp_path: Path, scheme: str
) -> None:
    port = directory.secure if scheme == "ldaps" else directory.plain
    device = searcher(tmp_path, f"{scheme}://{HOST}:{port}", {"ldap.tls": True})
    assert await look_up(device, "alice", "test") == (ALICE,)


@pytest.mark.parametrize(
    ("login", "user"), [("plain", "uid=alice,ou=people,dc=lab"), ("secure", "alice")]
)
async def test_the_device_logs_in(
    directory: Directory, tmp_path: Path, login: str, user: str
) -> None:
    settings: dict[str, Value] = {"ldap.login": login, "ldap.user": user}
    server = f"ldap://localhost:{directory.plain}"
    right = searcher(tmp_path / "right", server, {**settings, "ldap.password": "alicepw"})
    wrong = searcher(tmp_path / "wrong", server, {**settings, "ldap.password": "bobpw"})
    assert await look_up(right, "alice", "test") == (ALICE,)
    with pytest.raises(OutsideFault, match="login"):
        await look_up(wrong, "alice", "test")
    assert list(wrong.log)[-1].result == "NG"


async def test_a_server_that_speaks_something_else_is_an_explained_failure(tmp_path: Path) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 I am a mail server\r\n" * 40)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    device = searcher(tmp_path, f"ldap://{HOST}:{port}", {})
    async with server:
        with pytest.raises(FrisketError):
            await look_up(device, "alice", "test")
    assert list(device.log)[-1].result == "NG"


@pytest.mark.parametrize(("enabled", "name"), [(False, "alice"), (True, " "), (True, "a\0b")])
async def test_nothing_is_asked_without_a_server_or_a_name(
    tmp_path: Path, *, enabled: bool, name: str
) -> None:
    device = searcher(tmp_path, f"ldap://{HOST}:1", {"ldap.enabled": enabled})
    with pytest.raises(UsageError):
        await look_up(device, name, "test")
