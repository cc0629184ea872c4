"""`/api/v1/baselines`: what devices are judged by, in versions that two persons agree to."""

from __future__ import annotations

from frisket.console.api.own_routes import text_routes
from frisket.fleet.own import BASELINE

ROUTER = text_routes("baselines", BASELINE, "frisket audit --baseline-file")
