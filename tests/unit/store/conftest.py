"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.peers.postgres import KINDS, Cluster, cluster, fresh

from frisket.store.database import Database


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Give a cluster for all tests of this process."""
    with cluster() as found:
        yield found


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'fleet.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    with fresh(url) as database:
        yield database
