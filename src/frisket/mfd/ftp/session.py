"""One FTP session: log in, send files, each file is a job. Nothing else can be read or changed."""

from __future__ import annotations

import asyncio
import hmac
import posixpath
from collections.abc import Iterator
from typing import Any, NoReturn

from pyftpdlib.exceptions import AuthenticationFailed  # type: ignore[import-untyped]
from pyftpdlib.filesystems import AbstractedFS, FilesystemError  # type: ignore[import-untyped]
from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.jobs import JobRefused
from frisket.mfd.spool import Incoming
from frisket.mfd.ticket import Ticket

MOST_SESSIONS = 16
# What HELP of these devices lists (facts 3.4); nothing beyond it is understood.
COMMANDS = (
    "USER", "PASS", "QUIT", "PORT", "TYPE", "ABOR", "CWD", "XCWD", "LIST", "NLST", "PASV",
    "STRU", "PWD", "XPWD", "STOR", "RETR", "MODE", "NOOP", "HELP",
)  # fmt: skip


class Document:
    """A file object that takes a document into the spool."""

    def __init__(self, name: str, incoming: Incoming) -> None:
        self.name = name
        self.incoming = incoming
        self.closed = False

    def write(self, data: bytes) -> None:
        """Take octets. Raises `OSError` where they are too many or the disk is full."""
        if not self.incoming.write(data):
            raise OSError(self.incoming.fault)

    def close(self) -> None:
        """End the document."""
        self.closed = True


class NoFiles(AbstractedFS):  # type: ignore[misc]
    """A file system with one empty folder, in which any name can be written, none read."""

    def validpath(self, _path: str) -> bool:
        """Say yes: a name is only the job's name, wherever it points."""
        return True

    def ftp2fs(self, ftppath: str) -> str:
        """Return the virtual path; there is no real one."""
        return str(self.ftpnorm(ftppath))

    def fs2ftp(self, fspath: str) -> str:
        """Return the virtual path."""
        return fspath

    def open(self, filename: str, mode: str) -> Document:
        """Begin a document; reading and appending are refused."""
        if not mode.startswith("w"):
            raise FilesystemError("Permission denied")
        session: FtpSession = self.cmd_channel
        if session.document is not None:
            raise FilesystemError("One file at a time")
        name = posixpath.basename(filename) or "FTP job"
        session.document = Document(name, session.device.jobs.receive())
        return session.document

    def chdir(self, path: str) -> None:
        """Stay: the only folder is the root."""
        if path != "/":
            raise FilesystemError("No such directory")

    def listdir(self, _path: str) -> list[str]:
        """Return nothing."""
        return []

    def isfile(self, _path: str) -> bool:
        """Say no."""
        return False

    def isdir(self, path: str) -> bool:
        """Say whether it is the root."""
        return path == "/"

    def islink(self, _path: str) -> bool:
        """Say no."""
        return False

    def lexists(self, path: str) -> bool:
        """Say whether it is the root."""
        return path == "/"

    def realpath(self, path: str) -> str:
        """Return the path as it is."""
        return path

    def format_list(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield nothing."""
        yield from ()

    def _refuse(self, *_: Any) -> NoReturn:
        raise FilesystemError("Permission denied")

    mkdir = rmdir = remove = rename = chmod = stat = lstat = utime = mkstemp = _refuse
    getsize = getmtime = readlink = listdirinfo = _refuse


class Gate:
    """Checks user and password as <Use Authentication> asks; everyone may only store."""

    def validate_authentication(self, user: str, password: str, session: FtpSession) -> None:
        """Return where the login is right, raise `AuthenticationFailed` otherwise."""
        store = session.device.store
        if not store.on("ftp.print.authentication"):
            return
        wanted = (store.text("ftp.print.user"), store.text("ftp.print.password"))
        given = f"{user}\n{password}".encode()
        if not hmac.compare_digest("\n".join(wanted).encode(), given):
            raise AuthenticationFailed("Login incorrect.")

    def get_home_dir(self, _user: str) -> str:
        """Return the root."""
        return "/"

    def get_msg_login(self, _user: str) -> str:
        """Return what is said after a login."""
        return "User logged in."

    def get_msg_quit(self, _user: str) -> str:
        """Return what is said at the end."""
        return "Goodbye."

    def has_perm(self, _user: str, perm: str, _path: str | None = None) -> bool:
        """Allow to change folder, to list and to store."""
        return perm in "elw"

    def get_perms(self, _user: str) -> str:
        """Return the same as letters."""
        return "elw"

    def has_user(self, _user: str) -> bool:
        """Say yes: names are not given away."""
        return True

    def impersonate_user(self, *_: str) -> None:
        """Stay who we are."""

    def terminate_impersonation(self, *_: str) -> None:
        """Stay who we are."""


class FtpSession(FTPHandler):  # type: ignore[misc]
    """A control connection. It lives in the FTP thread; jobs are handed to the device's loop."""

    authorizer = Gate()
    abstracted_fs = NoFiles
    banner = "Connection established."
    proto_cmds = {name: FTPHandler.proto_cmds[name] for name in COMMANDS}  # noqa: RUF012
    timeout = 120
    max_login_attempts = 3
    auth_failed_timeout = 0.5
    use_sendfile = False
    document: Document | None = None

    @property
    def device(self) -> Device:
        """Return the device whose port this is."""
        device: Device = self.server.device
        return device

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Answer unknown commands in the device's words."""
        if cmd not in self.proto_cmds and cmd[-4:] not in {"ABOR", "QUIT"}:
            self.respond("502  command not recognized.")
            return
        super().pre_process_command(line, cmd, arg)

    def ftp_HELP(self, line: str) -> None:  # noqa: N802 - pyftpdlib's name
        """List the commands in the device's order."""
        if line:
            super().ftp_HELP(line)
            return
        rows = [COMMANDS[n : n + 10] for n in range(0, len(COMMANDS), 10)]
        lines = "".join(f"   {' '.join(row)}\r\n" for row in rows)
        self.push(f"214-The following commands are recognized:\r\n{lines}")
        self.respond("214 End of help.")

    def _soon(self, function: Any, *values: Any) -> None:
        loop: asyncio.AbstractEventLoop = self.server.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(function, *values)

    def on_connect(self) -> None:
        """Refuse more sessions than a device has."""
        self.server.sessions.add(self)
        if len(self.server.sessions) > MOST_SESSIONS:
            self.respond("421 Too many connections.")
            self.close_when_done()

    def on_disconnect(self) -> None:
        """Forget the session, and a document that was not ended."""
        self.server.sessions.discard(self)
        self.on_incomplete_file_received("")

    def on_login(self, username: str) -> None:
        """Wake the device."""
        del username
        self._soon(self.device.power.wake, "ftp")

    def on_login_failed(self, username: str, password: str) -> None:
        """Record it."""
        del password
        self._soon(_failed, self.device, username)

    def on_file_received(self, file: str) -> None:
        """Make a job of the document."""
        del file
        document, self.document = self.document, None
        if document is not None:
            checked = self.device.store.on("ftp.print.authentication")
            user, host = self.username, self.remote_ip
            ticket = Ticket("ftp", user, document.name, authenticated=checked, host=host)
            self._soon(_submit, self.device, ticket, document.incoming)

    def on_incomplete_file_received(self, file: str) -> None:
        """Drop what came of a document; one that was too large is an aborted job."""
        del file
        document, self.document = self.document, None
        if document is None:
            return
        if document.incoming.fault:
            ticket = Ticket("ftp", self.username, document.name, host=self.remote_ip)
            self._soon(_submit, self.device, ticket, document.incoming)
        else:
            self._soon(self.device.jobs.drop, document.incoming)


def _submit(device: Device, ticket: Ticket, incoming: Incoming) -> None:
    try:
        device.jobs.submit(ticket, incoming)
    except JobRefused as fault:
        device.journal.add("refused", f"ftp: {fault}")


def _failed(device: Device, user: str) -> None:
    device.journal.add("failed_logins", f"{user} via ftp")
    device.log.add(LogKind.USER_AUTHENTICATION, user, "Login", "ftp: wrong password", ok=False)


class DeviceFtpServer(FTPServer):  # type: ignore[misc]
    """The listening end on one device's address."""

    # All servers share a loop, and pyftpdlib counts its sockets, not the server's.
    max_cons = 0

    def __init__(
        self, sock: Any, device: Device, ioloop: Any, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.device = device
        self.loop = loop
        self.sessions: set[FtpSession] = set()
        super().__init__(sock, FtpSession, ioloop=ioloop)
