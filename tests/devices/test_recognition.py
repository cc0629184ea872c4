"""Recognition judged against recordings of devices nobody here made up."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frisket.probe.identity import Clues, recognise

pytestmark = pytest.mark.shared

# FusionInventory names makers in its own way.
_NAMES = {"Hewlett-Packard": "HP", "Konica": "Konica Minolta"}


def inventory(shared_data: Path) -> Iterator[dict[str, Any]]:
    path = shared_data / "fusioninventory" / "expected_inventories.shared.json"
    for entry in json.loads(path.read_text(encoding="utf-8")).values():
        yield entry["discovery"]


def test_no_switch_or_server_is_taken_for_a_printer(shared_data: Path) -> None:
    others = [entry for entry in inventory(shared_data) if entry["TYPE"] != "PRINTER"]
    assert len(others) >= 50
    texts = [entry.get("DESCRIPTION", "") for entry in others]
    assert [text for text in texts if recognise(Clues(sys_descr=text))[1]] == []


def test_printers_are_recognised_by_their_description_alone(shared_data: Path) -> None:
    printers = [entry for entry in inventory(shared_data) if entry["TYPE"] == "PRINTER"]
    assert len(printers) >= 130
    seen = [recognise(Clues(sys_descr=entry["DESCRIPTION"])) for entry in printers]
    assert all(why for _, why in seen)
    vendors = sum(
        identity.vendor == _NAMES.get(entry["MANUFACTURER"], entry["MANUFACTURER"])
        for (identity, _), entry in zip(seen, printers, strict=True)
    )
    # Three are sold by Dell and entered there under who built them.
    assert vendors >= len(printers) - 3


def test_models_and_firmware_are_what_recog_says(shared_data: Path) -> None:
    path = shared_data / "recog" / "examples.shared.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["db"] == "snmp_sysdescr" and not r["encoding"]]
    seen = [recognise(Clues(sys_descr=row["example"])) for row in rows]
    assert sum(bool(why) for _, why in seen) >= 0.98 * len(rows)
    expected = [ast.literal_eval(row["expected"]) for row in rows]
    models = [
        (want.get("os.product") or want.get("hw.product"), identity.model)
        for want, (identity, _) in zip(expected, seen, strict=True)
    ]
    named = [(want.lower(), model.lower()) for want, model in models if want]
    agreed = sum(bool(model) and (want in model or model in want) for want, model in named)
    assert agreed >= 0.92 * len(named), f"{agreed} of {len(named)}"


def test_ftp_greetings_say_what_recog_says(shared_data: Path) -> None:
    """Of models and firmware; what is left are network cards and the host's own name."""
    path = shared_data / "recog" / "examples.shared.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["db"] == "ftp_banners"]
    models = versions = agreed = 0
    for row in rows:
        want = ast.literal_eval(row["expected"])
        found, why = recognise(Clues(greeting=row["example"]))
        assert not why, "an FTP server need not be a printer's"
        model = want.get("os.product") or want.get("hw.product")
        if model:
            models += 1
            named = f"{found.vendor} {found.model}".casefold()
            agreed += bool(found.model) and model.casefold() in named
        version = want.get("os.version") or want.get("hw.version")
        if version and found.firmware:
            versions += 1
            assert found.firmware == version, row["example"]
    assert len(rows) >= 90
    assert agreed >= 0.78 * models, f"{agreed} of {models}"
    assert versions >= 45
