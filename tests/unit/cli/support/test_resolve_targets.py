"""What a user names becomes targets, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from frisket.cli.support.targets import resolve_targets
from frisket.errors import UsageError


async def test_a_file_that_names_itself_is_read_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text(f"@{two}\n10.0.0.1 10.0.0.2 # by the lift\n")
    two.write_text(f"@{one}\n10.0.0.2,10.0.0.3\n\n")
    targets, lost = await resolve_targets([f"@{one}", "10.0.0.1"])
    assert sorted(target.address for target in targets) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert not lost


async def test_who_is_named_beside_its_network_counts_as_named() -> None:
    for words in (["10.0.0.0/30", "10.0.0.1"], ["10.0.0.1", "10.0.0.0/30"]):
        targets, _ = await resolve_targets(words)
        assert {t.address: t.named for t in targets} == {"10.0.0.1": True, "10.0.0.2": False}


@pytest.mark.parametrize("word", ["10.0.0.0/7", "10.0.0.300/24", "http://10.0.0.1/", "@/none"])
async def test_what_cannot_be_a_target_is_said(word: str) -> None:
    with pytest.raises(UsageError):
        await resolve_targets([word])


async def test_a_file_that_names_nobody_is_no_fleet(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("# all have gone\n")
    with pytest.raises(UsageError, match="names no device"):
        await resolve_targets([f"@{tmp_path / 'empty.txt'}"])


async def test_a_group_of_the_inventory_is_its_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "inventory.toml"
    path.write_text('[[group]]\nname = "a"\ntargets = ["10.0.0.9", "10.0.0.0/30"]\n')
    monkeypatch.setenv("FRISKET_STATE", str(tmp_path))
    given, _ = await resolve_targets(["group:a", "10.0.0.1"], inventory=path)
    found, _ = await resolve_targets(["group:a", "10.0.0.1"])
    assert given == found
    assert {t.address: t.named for t in found} == {
        "10.0.0.9": True,
        "10.0.0.1": True,
        "10.0.0.2": False,
    }
    with pytest.raises(UsageError, match="no group 'b'"):
        await resolve_targets(["group:b"])
    monkeypatch.setenv("FRISKET_INVENTORY", str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="cannot read the inventory"):
        await resolve_targets(["group:a"])
