"""Looking up addresses in an LDAP directory (guide SO-08, EN-08).

<Use TLS> begins with TLS, except on port 389, where StartTLS is asked for; `ldap://` or `ldaps://`
before the server's name says which, whatever the port. A server without TLS is not spoken to in
the clear then. The library is met in this module only: its last release is old, and it warns while
it is imported.
"""

from __future__ import annotations

import contextlib
import importlib
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frisket.errors import TlsFailed, UsageError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault, attempt
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.blocking import STEP, Lifeline, in_thread
from frisket.net.call import tls_reason

_LDAPS = 636
_PLAIN = 389
_MOST = 100
_LONGEST = 200
_WANTED = "(&(|(cn=*{0}*)(mail=*{0}*))(|(mail=*)(facsimileTelephoneNumber=*)))"
_ATTRIBUTES = ("cn", "mail", "facsimileTelephoneNumber", "o", "ou")


@dataclass(frozen=True, slots=True)
class Person:
    """One entry of the directory; "" where it has no such attribute."""

    name: str
    email: str = ""
    fax: str = ""
    organization: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """How the settings let the directory be asked; `context` None is without TLS."""

    server: Server
    context: ssl.SSLContext | None
    starttls: bool
    login: str
    user: str
    password: str
    base: str


def _ldap3() -> Any:
    with warnings.catch_warnings():
        # It uses names of pyasn1 that have newer spellings.
        warnings.simplefilter("ignore", DeprecationWarning)
        library: Any = importlib.import_module("ldap3")
    library.set_config_parameter("RESPONSE_WAITING_TIMEOUT", int(STEP))
    return library


def _way(device: Device) -> _Way:
    store = device.store
    text = store.text("ldap.server")
    server = read_server(text, store.number("ldap.port"), "LDAP server")
    context = None
    if store.on("ldap.tls"):
        verify = store.on("ldap.verify")
        context = client_context(device, verify=verify, verify_name=verify)
    starttls = server.scheme == "ldap" or (not server.scheme and server.port == _PLAIN)
    return _Way(
        server,
        context,
        starttls,
        store.text("ldap.login"),
        store.text("ldap.user"),
        store.text("ldap.password"),
        store.text("ldap.base"),
    )


def _tls(library: Any, context: ssl.SSLContext, host: str) -> Any:
    """Return the library's TLS settings with our context in the place of its own.

    Its own checks no name the way the standard library does, and reads files at every connection.
    """

    class OurTls(library.Tls):  # type: ignore[misc]
        refused: ssl.SSLError | None = None

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: FBT001, FBT002
            del do_handshake  # always: an unverified connection is good for nothing
            try:
                connection.socket = context.wrap_socket(connection.socket, server_hostname=host)
            except ssl.SSLError as fault:
                # The library loses it on the way up.
                self.refused = fault
                raise

    return OurTls()


def _connection(library: Any, way: _Way) -> Any:
    implicit = way.context is not None and not way.starttls
    server = library.Server(
        way.server.host,
        way.server.port,
        use_ssl=implicit,
        get_info=library.NONE,
        mode=library.IP_V4_PREFERRED,
        connect_timeout=int(STEP),
        tls=_tls(library, way.context, way.server.host) if way.context is not None else None,
    )
    login: dict[str, Any] = {"authentication": library.ANONYMOUS}
    if way.login == "plain":
        login = {"authentication": library.SIMPLE, "user": way.user, "password": way.password}
    elif way.login == "secure":
        login = {
            "authentication": library.SASL,
            "sasl_mechanism": library.DIGEST_MD5,
            "sasl_credentials": (None, way.user, way.password, None),
        }
    return library.Connection(
        server, receive_timeout=int(STEP), auto_referrals=False, read_only=True, **login
    )


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name, "")
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, bytes):
        first = first.decode("utf-8", "replace")
    return str(first)[:_LONGEST] if isinstance(first, str) else ""


def _why(connection: Any, what: str) -> OutsideFault:
    result = connection.result if isinstance(connection.result, dict) else {}
    said = result.get("description") or connection.last_error or "no reason"
    return OutsideFault(f"the LDAP server refused the {what}: {str(said)[:80]}")


def _search(way: _Way, name: str, line: Lifeline) -> tuple[Person, ...]:
    library = _ldap3()
    escape = importlib.import_module("ldap3.utils.conv").escape_filter_chars
    connection = _connection(library, way)
    try:
        connection.open(read_server_info=False)
        line.hold(connection.socket)
        if way.context is not None and way.starttls:
            connection.start_tls(read_server_info=False)
            line.hold(connection.socket)
        if not connection.bind(read_server_info=False):
            raise _why(connection, "login")
        found = connection.search(
            way.base,
            _WANTED.format(escape(name)),
            attributes=list(_ATTRIBUTES),
            size_limit=_MOST,
            time_limit=int(STEP),
        )
        if not found and connection.result["result"] not in {0, 4}:
            raise _why(connection, "search")
        rows = [row for row in connection.response or [] if row.get("type") == "searchResEntry"]
        return tuple(_person(row["attributes"]) for row in rows[:_MOST])
    except library.core.exceptions.LDAPException as fault:
        refused = getattr(connection.server.tls, "refused", None)
        if refused is not None:
            raise TlsFailed(tls_reason(refused)) from fault
        raise OutsideFault(f"LDAP: {str(fault)[:120]}") from fault
    except (ValueError, TypeError, LookupError, AttributeError) as fault:
        # What the library makes of a server that does not keep to the protocol.
        raise OutsideFault(f"the LDAP server cannot be understood: {fault!r:.80}") from fault
    finally:
        with contextlib.suppress(library.core.exceptions.LDAPException, OSError):
            connection.unbind()
        if connection.socket is not None:
            # The library leaves it open where it could not connect.
            connection.socket.close()


def _person(attributes: Mapping[str, Any]) -> Person:
    return Person(
        _text(attributes, "cn"),
        _text(attributes, "mail"),
        _text(attributes, "facsimileTelephoneNumber"),
        _text(attributes, "o") or _text(attributes, "ou"),
    )


async def look_up(device: Device, name: str, actor: str) -> tuple[Person, ...]:
    """Return the people whose name or mail address contains `name`, at most 100.

    Raises `UsageError` where no server is registered, `OutsideFault` (login, search), `TlsFailed`
    (a refused certificate), `LinkError`; each is in the audit log.
    """
    text = device.store.text("ldap.server")
    with attempt(device, LogKind.NETWORK_CONNECTION, actor, "LDAP Search", text) as note:
        if not device.store.on("ldap.enabled"):
            raise UsageError("no LDAP server is registered")
        if not name.strip() or not name.isprintable():
            raise UsageError("a search needs some letters of the name")
        way = _way(device)
        found = await in_thread(
            lambda line: _search(way, name.strip()[:64], line), f"LDAP server {way.server}"
        )
        note.detail += f": {len(found)} found"
    return found
