"""The log's rows on both databases: many writers, one chain."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frisket.fleet.chain import Act
from frisket.fleet.log import AuditLog
from frisket.fleet.verifying import verify
from frisket.store.auditlog import LogStore
from frisket.store.database import Database

WRITERS, EACH = 4, 15


def test_writers_at_once_make_one_chain(both: Database) -> None:
    key = Ed25519PrivateKey.generate()
    log = AuditLog(LogStore(both), key, lambda: datetime.now(UTC))

    def write(who: str) -> None:
        for n in range(EACH):
            log.record(Act(who, "test", str(n)))

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(log.export())
    assert found.size == found.sealed == WRITERS * EACH
    assert len(log.store.words("actor")) == WRITERS
