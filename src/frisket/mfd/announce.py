"""What a device says of itself when it is looked for: names, addresses, and what it offers now."""

from __future__ import annotations

from frisket.mfd.device import Device

# What goes beyond loopback may be looked for by multicast; on loopback a question to the group
# would be answered by every device of the fleet at once, so there devices answer unicast only.
_MIME = {
    "PDF": "application/pdf",
    "PS": "application/postscript",
    "PCL": "application/vnd.hp-PCL",
    "URF": "image/urf",
    "PWGRaster": "image/pwg-raster",
}


def make_and_model(device: Device) -> str:
    """Return maker and model as discovery protocols give them."""
    return f"{device.personality.vendor} {device.personality.model}"


def web_address(device: Device) -> str:
    """Return the address of the Remote UI, "" while it is off."""
    store = device.store
    if not (store.on("remote-ui.enabled") and store.on("http.enabled")):
        return ""
    if store.on("remote-ui.tls.enabled"):
        return f"https://{device.address}:{device.port(8443)}/"
    return f"http://{device.address}:{device.port(8000)}/"


def formats(device: Device) -> tuple[str, ...]:
    """Return the MIME types of the page languages that the device accepts."""
    known = (_MIME[name] for name in device.personality.languages if name in _MIME)
    return ("application/octet-stream", *known)


def server_name(device: Device) -> str:
    """Return the `Server` of discovery answers: plainly a virtual device."""
    return f"Virtual-MFD/{device.firmware} UPnP/1.0 Frisket/1.0"
