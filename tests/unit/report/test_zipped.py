"""A ZIP that is written as it is read: what is in it, its digests, and how little is held."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from zipfile import ZipFile

from frisket.report.zipped import SUMS, zipped

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_what_goes_in_comes_out_with_its_digest() -> None:
    files = {"a.txt": b"one", "b/c.bin": bytes(range(256)) * 99, "empty": b""}
    octets = b"".join(zipped(((name, [body]) for name, body in files.items()), NOW))
    with ZipFile(io.BytesIO(octets)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in files} == files
        lines = [line.split("  ") for line in archive.read(SUMS).decode().splitlines()]
        sums = {name: digest for digest, name in lines}
    assert sums == {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}


def test_it_leaves_while_it_comes() -> None:
    noise = random.Random(1).randbytes(1 << 16)
    given = 0

    def body() -> Iterator[bytes]:
        nonlocal given
        for _ in range(200):
            given += len(noise)
            yield noise

    sent = held = 0
    for piece in zipped([("big", body())], NOW):
        sent += len(piece)
        held = max(held, given - sent)
    assert sent > 12 << 20
    assert held < 1 << 20


def test_the_same_files_are_the_same_zip() -> None:
    assert b"".join(zipped([("a", [b"x"])], NOW)) == b"".join(zipped([("a", [b"x"])], NOW))
