"""LPD printing on port 515: connect and close. Not one byte: each could be printed."""

from frisket.probe.touch import touching

PROBE = touching("lpd", 515, "lpd.enabled")
