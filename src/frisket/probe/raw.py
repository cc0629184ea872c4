"""RAW printing on port 9100: connect and close. Not one byte: each could be printed."""

from frisket.probe.touch import touching

PROBE = touching("raw", 9100, "raw.enabled")
