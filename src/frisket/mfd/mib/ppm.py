"""The IEEE 1284 device ID, where CUPS and others look for it (PWG 5107.1 Port Monitor MIB)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Row, View, gauge, number, scalars, table, text
from frisket.proto.snmp.wire import Value

PPM: Final = (1, 3, 6, 1, 4, 1, 2699, 1, 2, 1)

_COMMANDS: Final = {"PS": "PS,PostScript", "URF": "URF", "PWGRaster": "PWGRaster"}


def device_id(model: Model) -> str:
    """Return the IEEE 1284 device ID."""
    commands = ",".join(_COMMANDS.get(language, language) for language in model.languages)
    name = f"{model.vendor} {model.product}"
    return (
        f"MFG:{model.vendor};MDL:{model.product};CLS:PRINTER;DES:{name};"
        f"CID:CA_XPS_OIP;CMD:{commands};"
    )


def _name(view: View) -> Value:
    return text(str(view.device.reported("device.name")) or view.device.name)


def rows(model: Model) -> Iterator[Row]:
    """Yield ppmGeneral and one row of ppmPrinterTable."""
    identity = text(device_id(model))
    yield from scalars((*PPM, 1), {1: text("en-US"), 2: gauge(1)})
    yield from table(
        (*PPM, 2, 1, 1),
        {
            (1,): {
                2: _name,
                3: identity,
                4: gauge(0),
                5: gauge(0),
                6: gauge(1),
                7: text(""),  # a community name is a password: not shown to whoever asks
                8: number(1),
            }
        },
    )
