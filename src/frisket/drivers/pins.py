"""Who was met at each address: the first meeting is kept, later ones are compared with it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from frisket.drivers.base import Pin
from frisket.errors import UsageError
from frisket.ledger import Ledger, LedgerFault


class Pins:
    """The known devices by address, kept in one file."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it is there. Raises `UsageError` where its folder cannot be made."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise UsageError(f"cannot make {path.parent}: {fault.strerror}") from fault
        self._ledger = Ledger(path)
        self._pins = {
            str(row["address"]): Pin(
                str(row["engine"]), str(row["serial"]), str(row["tls"]), str(row.get("uuid", ""))
            )
            for row in self._ledger.read()
        }

    def known(self, address: str) -> Pin:
        """Return who was met at an address before; an empty pin for nobody."""
        return self._pins.get(address, Pin())

    def remember(self, address: str, pin: Pin) -> None:
        """Keep who was met, if that is news. Raises `UsageError` where it cannot be written."""
        if self._pins.get(address) == pin:
            return
        try:
            self._ledger.append({"address": address, **asdict(pin)})
        except LedgerFault as fault:
            raise UsageError(str(fault)) from fault
        self._pins[address] = pin

    def forget(self, address: str) -> None:
        """Take whoever answers next at an address for the right one."""
        self.remember(address, Pin())
