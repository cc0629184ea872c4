"""What came by mail and is nothing of ours: put aside, bounded, for whoever wants to know."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_MOST_JUNK: Final = 16 << 20  # octets put aside; what comes then is only counted
_LARGEST_JUNK: Final = 256 << 10


def put_aside(folder: Path, octets: bytes) -> bool:
    """Keep a mail that is no report for whoever wants to know; say whether there was room."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = sum(path.stat().st_size for path in folder.iterdir())
        if size + min(len(octets), _LARGEST_JUNK) > _MOST_JUNK:
            return False
        name = hashlib.sha256(octets).hexdigest()[:32]
        (folder / f"{name}.mail").write_bytes(octets[:_LARGEST_JUNK])
    except OSError:
        return False
    return True
