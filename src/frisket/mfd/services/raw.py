"""RAW printing on port 9100: PJL is answered, everything else is printed, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from frisket.errors import SettingRefused, WireError
from frisket.mfd.conversation import Line, open_conversations
from frisket.mfd.device import Device
from frisket.mfd.jobs import JobRefused
from frisket.mfd.mib.condition import ready_text
from frisket.mfd.service import Open, Port, Service
from frisket.mfd.spool import Incoming
from frisket.mfd.ticket import Ticket
from frisket.proto.ipp.names import PrinterState
from frisket.proto.pjl.wire import UEL, Answer, Command, encode_answer, read_command

RAW = Port(9100)
_MOST_LINE = 1024
_PJL = b"@PJL"

_PAPER = {
    "A3": "iso_a3_297x420mm",
    "A4": "iso_a4_210x297mm",
    "A5": "iso_a5_148x210mm",
    "LETTER": "na_letter_8.5x11in",
    "LEGAL": "na_legal_8.5x14in",
    "LEDGER": "na_ledger_11x17in",
}
# PJL status codes (HP's PJL Technical Reference, appendix D): ready, printing, offline.
_CODES = {
    PrinterState.IDLE: "10001",
    PrinterState.PROCESSING: "10023",
    PrinterState.STOPPED: "40000",
}


def _information(device: Device, category: str) -> tuple[str, ...]:
    match category:
        case "ID":
            return (f'"{device.personality.product} (virtual)"',)
        case "STATUS":
            state = device.jobs.state
            online = "FALSE" if state is PrinterState.STOPPED else "TRUE"
            text = ready_text(device)
            return (f"CODE={_CODES[state]}", f'DISPLAY="{text}"', f"ONLINE={online}")
        case "PAGECOUNT":
            return (str(device.counters.values[101]),)
        case "PRODINFO":
            return (
                f'ProductName = "{device.personality.product} (virtual)"',
                f'SerialNumber = "{device.plan.serial}"',
                f'FormatterNumber = "{device.firmware}"',
            )
        case "CONFIG":
            trays = device.personality.trays
            return ("IN TRAYS [1 ENUMERATED]", *(f"\t{tray.name}" for tray in trays))
        case _:
            return ('"?"',)


def _variable(device: Device, name: str) -> str:
    """Return what a PJL variable holds, "?" for one that the device has not."""
    match name:
        case "DISKLOCK":
            return "ON" if device.reported("pjl.disk-lock.enabled") else "OFF"
        case "CPLOCK":
            return str(device.reported("pjl.panel-lock")).upper()
        case _:
            known = {"COPIES": "1", "DUPLEX": "OFF", "PERSONALITY": "AUTO", "PAPER": "A4"}
            return known.get(name, '"?"')


def _set_default(device: Device, name: str, value: str) -> None:
    """Take over the default of a PJL variable; a printer skips what it does not take."""
    key: str
    wanted: bool | str
    match name, value.upper():
        case "DISKLOCK", ("ON" | "OFF") as word:
            key, wanted = "pjl.disk-lock.enabled", word == "ON"
        case "CPLOCK", word:
            key, wanted = "pjl.panel-lock", word.lower()
        case _:
            return
    with suppress(SettingRefused):
        device.store.set(key, wanted, "pjl", "pjl")


def answer(device: Device, command: Command) -> bytes:
    """Return what the device says to one PJL command, b"" for most. DEFAULT sets variables."""
    match command.name:
        case "INFO" if command.options:
            category = command.options[0].name
            lines = _information(device, category)
            return encode_answer(Answer(f"INFO {category}", lines))
        case "ECHO":
            return encode_answer(Answer(f"ECHO {command.text}"))
        case "INQUIRE" | "DINQUIRE" if command.options:
            name = command.options[0].name
            return encode_answer(Answer(f"{command.name} {name}", (_variable(device, name),)))
        case "DEFAULT" if command.options:
            option = command.options[0]
            _set_default(device, option.name, option.value or "")
            return b""
        case _:
            return b""


def wish(ticket: Ticket, command: Command) -> Ticket:
    """Return the ticket with what one PJL command asks for."""
    if command.name == "JOB":
        return replace(ticket, name=command.value("NAME") or ticket.name)
    if command.name == "EOJ":
        return Ticket(via=ticket.via, host=ticket.host)
    if command.name not in {"SET", "COMMENT"}:
        return ticket
    values: Mapping[str, str] = {o.name: o.value or "" for o in command.options}
    for name, value in values.items():
        match name:
            case "USERNAME":
                ticket = replace(ticket, user=value)
            case "JOBNAME":
                ticket = replace(ticket, name=value)
            case "COPIES" | "QTY" if value.isascii() and value.isdigit():
                ticket = replace(ticket, copies=int(value[:4]))
            case "DUPLEX":
                ticket = replace(ticket, two_sided=value.upper() == "ON")
            case "PAPER":
                ticket = replace(ticket, media=_PAPER.get(value.upper(), ""))
            case "RENDERMODE":
                gray = value.upper() == "GRAYSCALE"
                ticket = replace(ticket, color="monochrome" if gray else "auto")
            case "HOLDKEY":
                ticket = replace(ticket, pin=value)
            case "HOLD":
                ticket = replace(ticket, hold=value.upper() in {"ON", "PROOF", "STORE"})
            case _:
                pass
    return ticket


class _Dialogue:
    """One connection: PJL between documents, each document up to the next UEL or the end."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._device = line.device
        self._data = b""
        self._ended = False
        self._ticket = Ticket(via="raw", host=line.peer)
        self._incoming: Incoming | None = None

    async def _more(self) -> None:
        try:
            data = await self._line.read()
        except TimeoutError:
            # A sender that falls silent has said all it wants printed.
            data = b""
        self._data += data
        self._ended = not data

    async def talk(self) -> None:
        """Answer and print until the connection ends."""
        try:
            while not (self._ended and not self._data):
                if await self._command():
                    continue
                await self._document()
        finally:
            if self._incoming is not None:
                self._device.jobs.drop(self._incoming)

    async def _command(self) -> bool:
        """Take one piece of PJL; False where a document begins instead."""
        data = self._data
        if data.startswith(UEL):
            self._data = data[len(UEL) :]
        elif data.startswith(_PJL):
            await self._pjl()
        elif not self._ended and (UEL.startswith(data) or _PJL.startswith(data)):
            await self._more()
        elif data[:1] in {b"\r", b"\n", b"\0"}:
            self._data = data.lstrip(b"\r\n\0")
        else:
            return bool(self._ended and not data)
        return True

    async def _pjl(self) -> None:
        while (end := self._data.find(b"\n", 0, _MOST_LINE)) < 0 and not self._ended:
            if len(self._data) >= _MOST_LINE:
                break
            await self._more()
        line = self._data[: end if end >= 0 else _MOST_LINE]
        self._data = self._data[len(line) + (end >= 0) :]
        try:
            command = read_command(line.rstrip(b"\r"))
        except WireError:
            return  # a printer skips what it does not understand
        self._ticket = wish(self._ticket, command)
        if reply := answer(self._device, command):
            await self._line.write(reply)
        if command.name == "ENTER":
            await self._document()

    async def _document(self) -> None:
        """Spool up to the next UEL, or to the end."""
        incoming = self._incoming = self._device.jobs.receive()
        while True:
            at = self._data.find(UEL)
            if at >= 0:
                incoming.write(self._data[:at])
                self._data = self._data[at:]
                break
            # The beginning of a UEL may stand at the end of what has come.
            keep = 0 if self._ended else len(UEL) - 1
            cut = max(0, len(self._data) - keep)
            if not incoming.write(self._data[:cut]) and incoming.fault:
                self._ended, self._data = True, b""  # endless: hang up
                break
            self._data = self._data[cut:]
            if self._ended:
                break
            await self._more()
        ticket = self._ticket
        if not ticket.name:
            ticket = replace(ticket, name="RAW job")
        self._incoming = None
        try:
            self._device.jobs.submit(ticket, incoming)
        except JobRefused as fault:
            self._device.journal.add("refused", f"raw: {fault}")


async def _talk(line: Line) -> None:
    await _Dialogue(line).talk()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while RAW printing is on."""
    return (RAW,) if device.store.on("raw.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen for whatever is to be printed."""
    return await open_conversations(device, "raw", port, _talk)


SERVICE = Service(name="raw", ports=ports, open_port=open_port)
