"""`/api/v1/policies`: security policies, in versions that two persons agree to."""

from __future__ import annotations

from frisket.console.api.own_routes import text_routes
from frisket.fleet.own import POLICY

ROUTER = text_routes("policies", POLICY, "frisket policy")
