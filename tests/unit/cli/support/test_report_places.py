"""Where reports go: whole or not at all, and every fault in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from frisket.cli.support.output import Outlet
from frisket.errors import UsageError
from frisket.report.find import format_named


def test_a_report_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(b"yesterday")
    place = Outlet(format_named("json"), path).open()
    place.write(b"to")
    assert path.read_bytes() == b"yesterday"
    place.write(b"day")
    place.finish()
    place.drop()
    assert path.read_bytes() == b"today"
    assert [file.name for file in tmp_path.iterdir()] == ["audit.json"]


@pytest.mark.parametrize("before", [True, False])
def test_a_report_that_is_given_up_leaves_what_was_there(tmp_path: Path, before: bool) -> None:
    path = tmp_path / "audit.json"
    if before:
        path.write_bytes(b"yesterday")
    place = Outlet(format_named("json"), path).open()
    place.write(b"half a rep")
    place.drop()
    assert path.exists() is before
    assert len(list(tmp_path.iterdir())) == before


def test_a_streaming_report_can_be_read_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    place = Outlet(format_named("jsonl"), path).open()
    place.write(b"{}\n")
    assert path.read_bytes() == b"{}\n"
    place.drop()
    assert path.read_bytes() == b"{}\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "real.json", tmp_path / "link.json"
    path.write_bytes(b"yesterday")
    link.symlink_to(path)
    place = Outlet(format_named("json"), link).open()
    place.write(b"today")
    place.finish()
    assert link.is_symlink()
    assert path.read_bytes() == b"today"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_in_words() -> None:
    place = Outlet(format_named("json"), Path("/dev/full")).open()
    with pytest.raises(UsageError, match=r"cannot write /dev/full: No space left"):
        place.write(b"{}")
    place.drop()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    outlet = Outlet(format_named("json"), tmp_path / "missing" / "audit.json")
    with pytest.raises(UsageError, match="there is no folder"):
        outlet.open()
