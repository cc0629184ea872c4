"""Judges the record of a change by the log that was exported beside it, as an auditor would."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from frisket.fleet.crew import Crew
from frisket.fleet.report_kinds import Kind, Wish
from frisket.fleet.reporting import Reporting


def judged_record(crew: Crew, number: int, folder: Path) -> dict[str, Any]:
    """Return the record of a change, as JSON, once it is seen to hold against the log."""
    assert crew.log is not None
    file = folder / "log.jsonl"
    file.write_text("".join(f"{line}\n" for line in crew.log.export()))
    octets = b"".join(Reporting(crew).octets(Kind.CHANGE, "json", Wish(change=number)))
    record: dict[str, Any] = json.loads(octets)
    heads = [f"--head={one['number']}:{one['digest']}" for one in record["log"]]
    words = [sys.executable, "-m", "frisket.cli", "log", "verify", str(file)]
    done = subprocess.run([*words, *heads], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    # The same with one digest of another entry does not hold.
    wrong = f"--head={record['log'][0]['number']}:{record['log'][-1]['digest']}"
    done = subprocess.run([*words, wrong], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    told = {json.loads(one["body"])["details"].get("record", "") for one in record["log"]}
    for device in record["devices"]:
        for turn in device["turns"]:
            lines = "".join(f"{line['row']}\n" for line in turn["record"])
            assert hashlib.sha256(lines.encode()).hexdigest() == turn["digest"]
            assert turn["digest"] in told
    return record
