"""The HTTP library without its own command line, which would take 5 MB of a collector's memory."""

from __future__ import annotations

import sys

# httpx goes on without it: it is the part that its optional extra `cli` is for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx  # noqa: E402

__all__ = ["httpx"]
