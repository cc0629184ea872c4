"""Mail boxes and the memory inbox: stored, listed, printed, deleted, each as its settings say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.lab import make_device

from frisket.errors import SettingRefused
from frisket.mfd.boxes import MEMORY_INBOX, BoxRefused, Stored
from frisket.mfd.device import Device
from frisket.mfd.inbox import print_stored, receive_fax
from frisket.mfd.job import Job
from frisket.mfd.ticket import Ticket


def quick(tmp_path: Path, settings: Mapping[str, bool] | None = None) -> Device:
    device = make_device(settings=dict(settings or {}), folder=tmp_path / "device")
    device.jobs.pace = 0
    return device


def store(device: Device, box: int = 7) -> Stored:
    incoming = device.jobs.receive()
    incoming.write(b"kept words\n")
    device.jobs.submit(Ticket("lpd", user="ana", name="notes", box=box), incoming)
    return list(device.jobs.boxes)[-1]


async def test_a_box_keeps_prints_and_deletes(tmp_path: Path) -> None:
    device = quick(tmp_path)
    boxes = device.jobs.boxes
    kept = store(device)
    assert boxes.counts() == {7: 1}
    assert device.journal.counts["sheets"] == 0
    boxes.set_pin(7, "42", "ana")
    with pytest.raises(BoxRefused):
        boxes.open(7, "", "eve")
    with pytest.raises(BoxRefused):
        print_stored(device, kept.id, "43", "eve")
    print_stored(device, kept.id, "42", "ana")
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 1
    assert [stored.id for stored in boxes.open(7, "42", "ana")] == [kept.id]
    boxes.delete(kept.id, "42", "ana")
    await device.jobs.settled()
    assert not Path(kept.file).exists()


async def test_boxes_survive_a_restart(tmp_path: Path) -> None:
    device = quick(tmp_path)
    kept = store(device)
    device.jobs.boxes.set_pin(7, "42", "ana")
    again = quick(tmp_path)
    again.jobs.start()
    await again.jobs.settled()
    assert [s.id for s in again.jobs.boxes.open(7, "42", "ana")] == [kept.id]
    assert Path(kept.file).exists()


async def test_deleting_erases_for_real(tmp_path: Path) -> None:
    device = quick(tmp_path, {"storage.complete-deletion": True})
    kept = store(device)
    os.link(kept.file, tmp_path / "blocks")
    device.jobs.boxes.delete(kept.id, "", "ana")
    await device.jobs.settled()
    assert (tmp_path / "blocks").read_bytes() == bytes(11)


async def test_no_such_box(tmp_path: Path) -> None:
    device = quick(tmp_path)
    incoming = device.jobs.receive()
    incoming.write(b"words\n")
    job = device.jobs.submit(Ticket("lpd", box=123), incoming)
    assert job is not None
    assert job.word == "aborted"
    for box, pin in ((123, "1"), (7, "12345678"), (7, "1a")):
        with pytest.raises(SettingRefused):
            device.jobs.boxes.set_pin(box, pin, "ana")
    await device.jobs.settled()


@pytest.mark.parametrize("via", ["fax", "ifax"])
@pytest.mark.parametrize(
    ("lock", "forwarding", "goes", "sheets", "kept", "sent"),
    [
        (True, True, True, 0, 1, 0),
        (False, True, True, 0, 0, 1),
        (False, False, True, 1, 0, 0),
        (False, True, False, 0, 1, 1),
    ],
    ids=["locked", "forwarded", "printed", "failed"],
)
async def test_a_fax_goes_where_the_settings_say(
    tmp_path: Path,
    via: str,
    lock: bool,
    forwarding: bool,
    goes: bool,
    sheets: int,
    kept: int,
    sent: int,
) -> None:
    settings = {f"{via}.memory-lock": lock, "forwarding.enabled": forwarding}
    device = quick(tmp_path, settings)
    asked: list[Path] = []

    def forward(path: Path) -> bool:
        asked.append(path)
        return goes

    incoming = device.jobs.receive()
    incoming.write(b"a fax\n")
    found = receive_fax(device, Ticket(via, user="+49 30 1"), incoming, forward)
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == sheets
    assert device.jobs.boxes.counts().get(MEMORY_INBOX, 0) == kept
    assert len(asked) == sent
    assert isinstance(found, Job) is bool(sheets)
