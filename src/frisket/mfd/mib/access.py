"""Who may ask an SNMP agent, and for what, under the settings in effect.

Each version keeps to its own settings, which gives the combinations of the facts on the device
(section 2.3): version 1 writable makes protecting version 3 moot, version 1 read-only beside
version 3 is read by the one and written by the other.
"""

from __future__ import annotations

import hmac

from frisket.errors import WireError
from frisket.mfd.device import Device
from frisket.mfd.mib.tree import Rights
from frisket.proto.snmp.wire import Level, Version
from frisket.proto.snmp.wire.crypto import Auth, Priv, User

# The name that Canon's own tools use is not public; this one marks itself as a stand-in.
DEDICATED = b"virtual-dedicated"

AUTHS = {
    "MD5": Auth.MD5,
    "SHA1": Auth.SHA1,
    "SHA2-224": Auth.SHA224,
    "SHA2-256": Auth.SHA256,
    "SHA2-384": Auth.SHA384,
    "SHA2-512": Auth.SHA512,
}
PRIVS = {
    "DES": Priv.DES,
    "AES-128": Priv.AES128,
    "AES-192": Priv.AES192,
    "AES-256": Priv.AES256,
}
LEVELS = {"none": Level.PLAIN, "auth": Level.AUTHENTIC, "auth-encrypt": Level.PRIVATE}


def answers(device: Device, version: Version) -> bool:
    """Say whether the device speaks a version; v2c only where its personality does."""
    store = device.store
    if version is Version.V3:
        return store.on("snmp.v3.enabled")
    return store.on("snmp.v1.enabled") and (version is Version.V1 or device.quirks.snmp_v2c)


def community_rights(device: Device, community: bytes) -> Rights | None:
    """Return what a community may do; None for one that is not accepted."""
    store = device.store
    for number in ("1", "2"):
        prefix = f"snmp.community{number}"
        name = store.text(f"{prefix}.name").encode()
        if store.on(f"{prefix}.enabled") and name and hmac.compare_digest(name, community):
            writes = store.text(f"{prefix}.access") == "read-write"
            return Rights(f"community {number}", may_write=writes)
    if store.on("snmp.dedicated-community.enabled") and community == DEDICATED:
        return Rights("dedicated community")
    return None


def users(device: Device) -> dict[bytes, User]:
    """Return the SNMPv3 users that can log in: none where settings or algorithms forbid it."""
    store = device.store
    name = store.text("snmp.v3.user.name")
    level = LEVELS[store.text("snmp.v3.user.security")]
    auth = AUTHS[store.text("snmp.v3.user.auth-algorithm")] if level else None
    priv = None
    if level is Level.PRIVATE:
        priv = PRIVS[store.text("snmp.v3.user.encryption-algorithm")]
    if store.on("crypto.prohibit-weak") and (auth is Auth.MD5 or priv is Priv.DES):
        return {}
    try:
        user = User(
            name,
            auth,
            store.text("snmp.v3.user.auth-password") if auth else "",
            priv,
            store.text("snmp.v3.user.encryption-password") if priv else "",
        )
    except WireError:
        # A name too long or a password left empty: nobody can use such a user.
        return {}
    return {name.encode(): user} if name else {}


def user_rights(device: Device, user: User, level: Level) -> Rights | None:
    """Return what a user may do with a message of this level; None below the level set."""
    if level < LEVELS[device.store.text("snmp.v3.user.security")]:
        return None
    writes = device.store.text("snmp.v3.user.access") == "read-write"
    return Rights(user.name, level, writes)
