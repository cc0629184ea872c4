"""One console a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web import Web, web_console


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with web_console(tmp_path / "data") as found:
        yield found
