"""Reads PJL variables over the raw print port: only where a person has opted in for this device.

The guard at the socket lets questions and defaults of PJL pass and nothing else (`PrintGuard`). A
printer that knows no PJL may print what it receives all the same: hence the opt-in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from frisket.catalog.setting import show
from frisket.drivers.access.snmp import Around, NoDriver, NoLogin, check_pins
from frisket.drivers.base import PJL, Driver, Pin, PjlKey, PjlTable
from frisket.drivers.credential import Login
from frisket.drivers.load import the_one
from frisket.errors import LinkError, SettingRefused, WireError
from frisket.model.reading import Known, Reading, Unread, Why, Witness
from frisket.net.dial import Dialer
from frisket.net.guard import PrintGuard
from frisket.proto.cursor import Incomplete
from frisket.proto.pjl.wire import UEL, Answer, Command, Option, encode_command, read_answer

PORT: Final = 9100
_ANSWERS: Final = 64 << 10  # octets
_SERIAL: Final = re.compile(r'\s*SerialNumber\s*=\s*"?([^"]{1,60}?)"?\s*', re.IGNORECASE)


def ask_for(category: str) -> Command:
    """Return the question INFO."""
    return Command("INFO", (Option(category),))


def inquire(variable: str) -> Command:
    """Return the question for a variable's default."""
    return Command("DINQUIRE", (Option(variable),))


def opted_in() -> PrintGuard:
    """Return the guard for a device that a person has opted in for."""
    return PrintGuard(pjl=(PORT,))


@dataclass(slots=True)
class Conversation:
    """Asks and tells in PJL; one connection each time, as many printers serve only one."""

    dialer: Dialer
    patience: float = 5.0

    async def ask(self, commands: Sequence[Command]) -> dict[str, Answer]:
        """Send commands and return the answers by what they answer (`INFO ID`).

        An ECHO at the end says when the printer has said all. Raises `LinkError`, `WireError`.
        """
        mark = f"frisket {self.dialer.random.randrange(1 << 31)}"
        sent = [*commands, Command("ECHO", text=mark)]
        stream = await self.dialer.tcp(PORT)
        try:
            await stream.write(UEL + b"".join(map(encode_command, sent)) + UEL)
            found: dict[str, Answer] = {}
            data = b""
            while f"ECHO {mark}" not in found:
                try:
                    answer, used = read_answer(data)
                except Incomplete:
                    more = await stream.read(self.patience)
                    if not more or len(data) > _ANSWERS:
                        raise WireError("the printer ends the PJL dialogue early") from None
                    data += more
                    continue
                found[answer.command], data = answer, data[used:].lstrip(b"\r\n")
            return found
        finally:
            stream.close()


def words_of(row: PjlKey, text: str) -> str:
    """Return a variable's value in the words of the catalogue."""
    named = {value.upper(): word for word, value in row.words.items()}
    plain = text.strip().strip('"')
    return named.get(plain.upper(), plain)


@dataclass(slots=True)
class PjlReader:
    """One printer by PJL. Opened by `open_pjl`."""

    conversation: Conversation
    driver: Driver
    table: PjlTable
    around: Around
    pin: Pin
    descr: str = ""
    name: str = field(default=PJL, init=False)

    async def read(self, keys: Iterable[str]) -> Mapping[str, Reading]:
        """Return a reading for each key: the default of its variable."""
        asked = tuple(keys)
        rows = {key: self.table.key[key] for key in asked if key in self.table.key}
        told = await self.conversation.ask([inquire(row.variable) for row in rows.values()])
        return {key: self._reading(key, rows.get(key), told) for key in asked}

    def _reading(self, key: str, row: PjlKey | None, told: Mapping[str, Answer]) -> Reading:
        answer = told.get(f"DINQUIRE {row.variable}") if row else None
        text = answer.lines[0].strip() if answer and answer.lines else ""
        if row is None or text in {"", "?", '"?"'}:
            return Unread(Why.UNSUPPORTED, PJL, "the printer has no such variable")
        try:
            value = self.around.catalog[key].parse(words_of(row, text))
        except SettingRefused as fault:
            return Unread(Why.GARBLED, PJL, str(fault)[:300])
        return Known(value, Witness.DEVICE, self.around.now(), PJL)

    def frozen(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the keys that the table does not let be written."""
        rows = self.table.key
        why = "its PJL variable is only read"
        return {key: why for key in keys if key not in rows or not rows[key].writes}

    def close(self) -> None:
        """Close nothing: every dialogue has a connection of its own."""


async def open_pjl(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> PjlReader:
    """Open a printer by PJL, prove that it is the expected one, and find its driver.

    Raises `NoLogin` without the opt-in, `NoDriver`, `IdentityChanged`, `LinkError`, `WireError`.
    """
    if not login.pjl:
        raise NoLogin(
            "its print port is not spoken to",
            hint=f"opt in with --pjl {dialer.target.address}: it may print what it receives",
        )
    conversation = Conversation(dialer)
    try:
        told = await conversation.ask([ask_for("ID"), ask_for("PRODINFO")])
    except WireError as fault:
        raise LinkError(f"the printer does not speak PJL: {fault}") from fault
    named = told.get("INFO ID", Answer("INFO ID")).lines
    descr = named[0].strip().strip('"')[:300] if named else ""
    tables = [driver for driver in around.drivers if driver.pjl]
    driver = the_one([d for d in tables if d.pjl and re.search(d.pjl.id, descr)])
    if driver is None or driver.pjl is None:
        raise NoDriver("no driver knows this printer by PJL")
    lines = told.get("INFO PRODINFO", Answer("INFO PRODINFO")).lines
    serials = [found[1].strip() for line in lines if (found := _SERIAL.fullmatch(line))]
    pin = Pin(serial=serials[0] if serials else "")
    check_pins(pin, login.pin, expected, seen)
    return PjlReader(conversation, driver, driver.pjl, around, pin, descr)


def shown(row: PjlKey, value: object) -> str:
    """Return a value as its variable takes it. Raises `SettingRefused`."""
    if not isinstance(value, bool | int | str | tuple):
        raise SettingRefused(f"{row.variable} takes no such value")
    word = show(value)
    if row.words and word not in row.words:
        raise SettingRefused(f"{row.variable} has no value for {word}")
    return row.words.get(word, word)
