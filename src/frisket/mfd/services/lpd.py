"""LPD (RFC 1179) on port 515: jobs, queue state and removal.

Any queue name is the one queue; `box07` and the like stores into a mail box instead (ours: how the
real driver names the box is not public).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from frisket.errors import WireError
from frisket.mfd.conversation import Line, open_conversations
from frisket.mfd.device import Device
from frisket.mfd.job import Job
from frisket.mfd.jobs import JobRefused
from frisket.mfd.service import Open, Port, Service
from frisket.mfd.spool import Incoming
from frisket.mfd.ticket import Ticket
from frisket.proto.cursor import Incomplete
from frisket.proto.lpd.wire import (
    ACCEPTED,
    REFUSED,
    Command,
    ControlFile,
    Part,
    Subcommand,
    Verb,
    encode_queue_state,
    read_command,
    read_control_file,
    read_subcommand,
)

LPD = Port(515)
_MOST_CONTROL = 65_536
_MOST_FILES = 20
_BOX = re.compile(r"box-?([0-9]{2})", re.IGNORECASE)


@dataclass(slots=True)
class _Receipt:
    """What one job's connection has brought so far: its control file and data files by name."""

    control: ControlFile | None = None
    files: dict[str, Incoming] = field(default_factory=dict)


class _Dialogue:
    """One connection: octets that arrived and are not used yet."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._device = line.device
        self._data = b""

    async def _more(self) -> bool:
        data = await self._line.read()
        self._data += data
        return bool(data)

    async def talk(self) -> None:
        """Answer commands until the peer leaves; a queue question ends the connection."""
        while True:
            try:
                command, used = read_command(self._data)
            except Incomplete:
                if not await self._more():
                    return
                continue
            self._data = self._data[used:]
            match command.verb:
                case Verb.RECEIVE_JOB:
                    await self._line.write(ACCEPTED)
                    await self._receive(command.queue)
                case Verb.QUEUE_SHORT | Verb.QUEUE_LONG:
                    await self._line.write(encode_queue_state(_queue(self._device, command)))
                    return
                case Verb.REMOVE_JOBS:
                    _remove(self._device, command)
                    await self._line.write(ACCEPTED)
                    return
                case _:
                    self._device.jobs.resume()
                    await self._line.write(ACCEPTED)
                    return

    async def _receive(self, queue: str) -> None:
        receipt = _Receipt()
        try:
            while (part := await self._subcommand()) is not None:
                await self._part(part, receipt)
        except WireError:
            await self._line.write(REFUSED)
            raise
        else:
            self._submit(receipt, queue)
        finally:
            for incoming in receipt.files.values():
                self._device.jobs.drop(incoming)

    async def _subcommand(self) -> Subcommand | None:
        while True:
            try:
                part, used = read_subcommand(
                    self._data, max_control=_MOST_CONTROL, max_data=self._device.jobs.limit
                )
            except Incomplete:
                if not await self._more():
                    return None
                continue
            self._data = self._data[used:]
            return part

    async def _part(self, part: Subcommand, receipt: _Receipt) -> None:
        match part.part:
            case Part.ABORT:
                while receipt.files:
                    self._device.jobs.drop(receipt.files.popitem()[1])
                receipt.control = None
                await self._line.write(ACCEPTED)
            case Part.CONTROL_FILE:
                await self._line.write(ACCEPTED)
                while len(self._data) < part.size:
                    if not await self._more():
                        raise WireError("LPD control file cut")
                receipt.control = read_control_file(self._data[: part.size])
                self._data = self._data[part.size :]
                await self._acknowledge(good=True)
            case Part.DATA_FILE:
                if len(receipt.files) >= _MOST_FILES:
                    raise WireError("LPD job of too many files")
                await self._line.write(ACCEPTED)
                incoming = self._device.jobs.receive()
                if part.name in receipt.files:
                    self._device.jobs.drop(receipt.files[part.name])
                receipt.files[part.name] = incoming
                await self._data_file(part.size, incoming)

    async def _data_file(self, size: int, incoming: Incoming) -> None:
        left = size
        while left or not size:  # of no announced size: all there is until the end
            if not self._data and not await self._more():
                if size:
                    raise WireError("LPD data file cut")
                incoming.finish()
                return
            piece = self._data[:left] if size else self._data
            self._data = self._data[len(piece) :]
            left -= len(piece)
            if not incoming.write(piece) and not size:
                return  # endless, and already more than fits: hang up
        await self._acknowledge(good=incoming.finish())

    async def _acknowledge(self, *, good: bool) -> None:
        """Take the zero octet that ends a file, and say whether the file is kept."""
        if self._data or await self._more():
            self._data = self._data[1:]
        await self._line.write(ACCEPTED if good else REFUSED)

    def _submit(self, receipt: _Receipt, queue: str) -> None:
        control = receipt.control or ControlFile(())
        box = _BOX.fullmatch(queue)
        named = [name for _, name in control.prints]
        for name in list(receipt.files):
            # A file that is named twice is printed twice: how lpr asks for copies.
            ticket = Ticket(
                via="lpd",
                user=control.user,
                name=control.job or name,
                copies=max(1, named.count(name)),
                host=control.host or self._line.peer,
                box=int(box[1]) if box else -1,
            )
            try:
                self._device.jobs.submit(ticket, receipt.files.pop(name))
            except JobRefused as fault:
                self._device.journal.add("refused", f"lpd: {fault}")


def _shown(device: Device) -> list[Job]:
    return device.jobs.visible("", administrator=False)


def _queue(device: Device, command: Command) -> tuple[str, ...]:
    """Return the queue's state in the words that lpq users know."""
    jobs = [
        job
        for job in _shown(device)
        if not command.items or job.ticket.user in command.items or str(job.id) in command.items
    ]
    if not jobs:
        return ("no entries",)
    rows = ["Rank     Owner        Job    Files                          Size"]
    for rank, job in enumerate(jobs):
        name = job.ticket.name[:28]
        state = "active" if job.sheets else str(rank + 1)
        rows.append(f"{state:<8} {job.ticket.user:<12} {job.id:<6} {name:<28} {job.octets} bytes")
    return tuple(rows)


def _remove(device: Device, command: Command) -> None:
    """Cancel the listed jobs of the user who asks; the protocol proves no more than a name."""
    for word in command.items:
        number = int(word) if re.fullmatch(r"[0-9]{1,9}", word) else 0
        job = device.jobs.get(number)
        if job is not None and not job.is_ended and job.ticket.user == command.agent:
            device.jobs.cancel(number, command.agent)


async def _talk(line: Line) -> None:
    await _Dialogue(line).talk()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while LPD is on."""
    return (LPD,) if device.store.on("lpd.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen for LPD clients."""
    return await open_conversations(device, "lpd", port, _talk)


SERVICE = Service(name="lpd", ports=ports, open_port=open_port)
