"""The Advanced Space as a WebDAV server at /webdav/, by wsgidav; the HTTP service forwards to it.

The files lie in the device's spool folder. wsgidav runs in threads, one request at a time each;
what the settings say is checked before it is asked.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.http_login import Gate
from frisket.proto.http.server import Caller
from frisket.proto.http.wire import Header, Request, Response

MOUNT = "/webdav"
REALM = "Advanced Space"
# What the device could print; <Allow to Store Printable Files Only> leaves these.
PRINTABLE = frozenset({".pdf", ".xps", ".oxps", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe"})
QUOTA = 1 << 30
_MOST_FILES = 20_000
_LARGEST_XML = 256 << 10
_CHANGES = {
    "PUT": "Save",
    "DELETE": "Delete",
    "MKCOL": "Create Folder",
    "MOVE": "Move",
    "COPY": "Copy",
}
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect"})

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def application(root: Path) -> Application:
    """Return the WebDAV application over a folder; locks and properties last as long as it does."""
    # Imported when somebody first asks: a fleet without visitors need not pay for it.
    from wsgidav.error_printer import ErrorPrinter  # type: ignore[import-untyped]
    from wsgidav.fs_dav_provider import FilesystemProvider  # type: ignore[import-untyped]
    from wsgidav.request_resolver import RequestResolver  # type: ignore[import-untyped]
    from wsgidav.wsgidav_app import WsgiDAVApp  # type: ignore[import-untyped]

    # Its own logger writes request lines to the terminal; the audit log is the device's.
    logging.getLogger("wsgidav").addHandler(logging.NullHandler())
    app: Application = WsgiDAVApp(
        {
            "provider_mapping": {
                MOUNT: FilesystemProvider(str(root), fs_opts={"follow_symlinks": False})
            },
            "middleware_stack": [ErrorPrinter, RequestResolver],
            "property_manager": True,
            "lock_storage": True,
            "verbose": 0,
            "logging": {"enable": False},
            "suppress_version_info": True,
        }
    )
    return app


@dataclass(slots=True)
class Space:
    """One device's Advanced Space: its folder, the application over it, and its logins."""

    device: Device
    root: Path
    app: Application
    gate: Gate


@dataclass(frozen=True, slots=True)
class Spaces:
    """The spaces of a process by address, each made at its first request."""

    _made: dict[str, Space] = field(default_factory=dict)

    def of(self, device: Device) -> Space:
        """Return a device's space. The folder stays for good, locks and logins do not."""
        space = self._made.get(device.address)
        if space is None or space.device is not device:
            root = device.spool() / "webdav"
            root.mkdir(mode=0o700, exist_ok=True)
            space = Space(device, root, application(root), Gate(device, "webdav", REALM))
            self._made[device.address] = space
        return space


def is_webdav(target: str) -> bool:
    """Say whether a request is for the WebDAV server."""
    return target == MOUNT or target.startswith((f"{MOUNT}/", f"{MOUNT}?"))


def _is_readable(request: Request) -> bool:
    """Say whether the paths of a request are UTF-8 without control characters, and not long."""
    for target in (request.target, request.header("destination")):
        try:
            path = unquote_to_bytes(target).decode()
        except UnicodeError:
            return False
        if not path.isprintable() or max(len(part.encode()) for part in path.split("/")) > 255:
            return False
    return True


def _touched(request: Request) -> str:
    """Return the path that a request would create, "" where it creates none."""
    if request.method in {"PUT", "LOCK"}:
        return unquote(request.target.partition("?")[0])
    if request.method in {"MOVE", "COPY"}:
        try:
            return unquote(urlsplit(request.header("destination")).path)
        except ValueError:
            return ""
    return ""


def may_store(space: Space, request: Request) -> bool:
    """Say whether <Allow to Store Printable Files Only> lets the file be made."""
    path = _touched(request)
    if not path or PurePosixPath(path).suffix.lower() in PRINTABLE:
        return True
    if request.method == "PUT":
        return False
    # A folder may be moved, copied and locked under any name; so may what is there be locked.
    source = unquote(request.target.partition("?")[0]).removeprefix(MOUNT).strip("/")
    there = (space.root / source).resolve()
    if not there.is_relative_to(space.root.resolve()):
        return False
    return there.exists() if request.method == "LOCK" else there.is_dir()


def has_room(space: Space, request: Request) -> bool:
    """Say whether the request leaves the space within its quota."""
    if request.method not in {"PUT", "COPY", "MKCOL"}:
        return True
    sizes = [path.lstat().st_size for path in space.root.rglob("*")]
    more = sum(sizes) if request.method == "COPY" else len(request.body)
    return len(sizes) < _MOST_FILES and sum(sizes) + more <= QUOTA


def environment(request: Request, caller: Caller, user: str = "") -> dict[str, Any]:
    """Return the request as WSGI has it (PEP 3333)."""
    path, _, query = request.target.partition("?")
    host, _, port = request.header("host").rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host or request.header("host") or "device",
        "SERVER_PORT": port if port.isdigit() else ("443" if caller.tls else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": caller.address,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if caller.tls else "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        # What wsgidav's own login would have left behind.
        "wsgidav.auth.realm": REALM,
        "wsgidav.auth.user_name": user,
        "wsgidav.auth.roles": None,
        "wsgidav.auth.permissions": None,
    }
    for name, value in request.headers:
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in _HOP and name != "content-length":
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
    return environ


def run(app: Application, environ: dict[str, Any]) -> Response:
    """Call a WSGI application and return its response."""
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        began[:] = [(status, headers)]
        return io.BytesIO().write

    answer = app(environ, start)
    try:
        body = b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    ((status, headers),) = began
    dropped = {*_HOP, "content-length", "date", "server"}
    kept = tuple((key.lower(), value) for key, value in headers if key.lower() not in dropped)
    return Response(int(status.split(" ", 1)[0]), kept, body)


def _refusal(status: int, *headers: Header) -> Response:
    return Response(status, (("content-type", "text/plain"), *headers), b"")


async def serve_webdav(space: Space, request: Request, caller: Caller) -> Response:
    """Answer one request for /webdav/. What it changed stands in the audit log."""
    store = space.device.store
    if store.on("webdav.server.tls") and not caller.tls:
        where = f"https://{space.device.address}:{space.device.port(443)}{MOUNT}/"
        return _refusal(302, ("location", where))
    scheme = store.text("webdav.server.authentication")
    user = "-"
    if scheme != "none":
        user = space.gate.admit(request, scheme)
        if not user:
            return _refusal(401, space.gate.challenge(scheme))
    if not _is_readable(request):
        response = _refusal(400)
    elif request.method != "PUT" and len(request.body) > _LARGEST_XML:
        response = _refusal(413)
    elif store.on("webdav.server.printable-files-only") and not may_store(space, request):
        response = _refusal(403)
    elif not await asyncio.to_thread(has_room, space, request):
        response = _refusal(507)
    else:
        response = await asyncio.to_thread(run, space.app, environment(request, caller, user))
    if request.method in _CHANGES and store.on("advanced-space.save-operation-log"):
        space.device.log.add(
            LogKind.ADVANCED_SPACE,
            user,
            _CHANGES[request.method],
            request.target[:200],
            ok=response.status < 400,
        )
    return response
