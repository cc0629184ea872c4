"""`frisket lab send|fetch|lookup|clock|trust|com-test|…`: what a person at a device can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.cli.support.labs import ask, lab_folder
from frisket.cli.support.shown import TableOrJson, print_json, print_table, say
from frisket.errors import UsageError

Folder = Annotated[Path | None, Parameter(name="--state-dir")]
Format = Annotated[TableOrJson, Parameter(alias="-f")]
Level = Annotated[int, Parameter(allow_leading_hyphen=True)]


def send(
    address: str,
    *,
    to: str,
    pages: int = 1,
    encrypt: str = "",
    permission: str = "",
    state_dir: Folder = None,
) -> int:
    """Scan drawn pages at a device and send them.

    Parameters
    ----------
    address
        The device.
    to
        A name of its address book, mailto:…, ifax:…, smb://…, ftp://…, http://… or https://…
    pages
        How many.
    encrypt
        The password that opens the PDF; the device's setting says how it is encrypted.
    permission
        The password that permits printing, changing and copying.
    state_dir
        Where the lab keeps its state.
    """
    request = {"command": "send", "address": address, "to": to, "pages": pages}
    request |= {"encrypt": encrypt, "permission": permission}
    sent = ask(lab_folder(state_dir), request)["octets"]
    say(f"{address}: {pages} pages sent, {sent} octets")
    return 0


def fetch(address: str, *, state_dir: Folder = None) -> int:
    """Let a device fetch its mail by POP now, and print it."""
    answer = ask(lab_folder(state_dir), {"command": "fetch", "address": address})
    say(f"{address}: {answer['mails']} mails, {answer['documents']} documents")
    return 0


def lookup(
    address: str,
    name: str,
    *,
    format: Format = "table",  # noqa: A002
    state_dir: Folder = None,
) -> int:
    """Let a device look for people in its LDAP directory, by a part of name or mail address."""
    request = {"command": "lookup", "address": address, "name": name}
    answer = ask(lab_folder(state_dir), request)
    if format == "json":
        print_json(answer)
        return 0
    fields = ("name", "email", "fax", "organization")
    print_table(list(fields), [[person[field] for field in fields] for person in answer["people"]])
    return 0


def clock(address: str, *, state_dir: Folder = None) -> int:
    """Let a device set its clock by SNTP now."""
    moved = ask(lab_folder(state_dir), {"command": "clock", "address": address})["moved"]
    say(f"{address}: clock moved by {moved:+.3f} s")
    return 0


def trust(address: str, file: Path, *, state_dir: Folder = None) -> int:
    """Register the CA certificates of a PEM file at a device."""
    try:
        pem = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{file} cannot be read as PEM") from fault
    request = {"command": "trust", "address": address, "pem": pem}
    for subject in ask(lab_folder(state_dir), request)["trusted"]:
        say(f"{address} trusts {subject}")
    return 0


def com_test(address: str, *, state_dir: Folder = None) -> int:
    """Let a device test its line to the remote service's gateway (E-RDS), and register there."""
    answer = ask(lab_folder(state_dir), {"command": "com-test", "address": address})
    say(f"{address}: {answer['result']}; counters every {answer['hours']} h")
    return 0


def com_log(
    address: str,
    *,
    format: Format = "table",  # noqa: A002
    state_dir: Folder = None,
) -> int:
    """Print what a device's E-RDS told its gateway, newest first."""
    answer = ask(lab_folder(state_dir), {"command": "com-log", "address": address})
    if format == "json":
        print_json(answer)
        return 0
    fields = ("at", "operation", "result", "detail")
    print_table(list(fields), [[line[field] for field in fields] for line in answer["log"]])
    return 0


def trouble(
    address: str,
    kind: Literal["jam", "door", "service-call", "alarm"],
    code: str = "",
    *,
    slot: str = "",
    paper: str = "",
    cleared: bool = False,
    state_dir: Folder = None,
) -> int:
    """Let paper jam, a door stand open, service be called or an alarm be noted; or put it right.

    Parameters
    ----------
    address
        The device.
    kind
        What happens.
    code
        Its code as service manuals write it: 010C, E000-0001, 060004; of a door its name.
    slot
        The feeding slot.
    paper
        The paper's size.
    cleared
        Put it right instead.
    state_dir
        Where the lab keeps its state.
    """
    request = {"command": "trouble", "address": address, "kind": kind, "code": code}
    request |= {"slot": slot, "paper": paper}
    answer = ask(lab_folder(state_dir), request | ({"cleared": "yes"} if cleared else {}))
    say(f"{address}: {kind} {'put right' if cleared else answer['code']}")
    return 0


def toner(address: str, number: int, level: Level, *, state_dir: Folder = None) -> int:
    """Put the level of a device's supply, numbered from 1; -2 is not known, -3 some."""
    request = {"command": "toner", "address": address, "number": number, "level": level}
    answer = ask(lab_folder(state_dir), request)
    say(f"{address}: {answer['name']} at {answer['level']}")
    return 0


def add_errands(app: App) -> None:
    """Add these commands to `frisket lab`."""
    for command in (send, fetch, lookup, clock, trust, com_test, com_log, trouble, toner):
        app.command(command)
