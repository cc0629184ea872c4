"""Cipher suites by number and IANA name, and the classes that weak-encryption rules refuse.

Numbers and names: IANA "TLS Cipher Suites" (RFC 2246, 3268, 4132, 4162, 4346, 5246, 5288, 5289,
5932, 6367, 6655, 7251, 7905, 8422, 8446, 9150), and draft-ietf-tls-56-bit-ciphersuites.
Suites that need a shared key, a password or Kerberos are left out: no printer's web port has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType


class WeakClass(StrEnum):
    """A class of cipher suites; the values are those of the key tls.weak-ciphers."""

    NULL = "NULL"
    ANONYMOUS = "anonymous"
    EXPORT = "EXPORT"
    RC4 = "RC4"
    DES = "DES"
    TRIPLE_DES = "3DES"
    RSA_KEY_EXCHANGE = "RSA key exchange"
    CBC_SHA1 = "CBC-SHA1"


SUITES: Mapping[int, str] = MappingProxyType(
    {
        0x0001: "TLS_RSA_WITH_NULL_MD5",
        0x0002: "TLS_RSA_WITH_NULL_SHA",
        0x0003: "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
        0x0004: "TLS_RSA_WITH_RC4_128_MD5",
        0x0005: "TLS_RSA_WITH_RC4_128_SHA",
        0x0006: "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
        0x0007: "TLS_RSA_WITH_IDEA_CBC_SHA",
        0x0008: "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0009: "TLS_RSA_WITH_DES_CBC_SHA",
        0x000A: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        0x000B: "TLS_DH_DSS_EXPORT_WITH_DES40_CBC_SHA",
        0x000C: "TLS_DH_DSS_WITH_DES_CBC_SHA",
        0x000D: "TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA",
        0x000E: "TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x000F: "TLS_DH_RSA_WITH_DES_CBC_SHA",
        0x0010: "TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0011: "TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA",
        0x0012: "TLS_DHE_DSS_WITH_DES_CBC_SHA",
        0x0013: "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
        0x0014: "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0015: "TLS_DHE_RSA_WITH_DES_CBC_SHA",
        0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0017: "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5",
        0x0018: "TLS_DH_anon_WITH_RC4_128_MD5",
        0x0019: "TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA",
        0x001A: "TLS_DH_anon_WITH_DES_CBC_SHA",
        0x001B: "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA",
        0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
        0x0030: "TLS_DH_DSS_WITH_AES_128_CBC_SHA",
        0x0031: "TLS_DH_RSA_WITH_AES_128_CBC_SHA",
        0x0032: "TLS_DHE_DSS_WITH_AES_128_CBC_SHA",
        0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        0x0034: "TLS_DH_anon_WITH_AES_128_CBC_SHA",
        0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x0036: "TLS_DH_DSS_WITH_AES_256_CBC_SHA",
        0x0037: "TLS_DH_RSA_WITH_AES_256_CBC_SHA",
        0x0038: "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
        0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        0x003A: "TLS_DH_anon_WITH_AES_256_CBC_SHA",
        0x003B: "TLS_RSA_WITH_NULL_SHA256",
        0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
        0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
        0x003E: "TLS_DH_DSS_WITH_AES_128_CBC_SHA256",
        0x003F: "TLS_DH_RSA_WITH_AES_128_CBC_SHA256",
        0x0040: "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256",
        0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
        0x0042: "TLS_DH_DSS_WITH_CAMELLIA_128_CBC_SHA",
        0x0043: "TLS_DH_RSA_WITH_CAMELLIA_128_CBC_SHA",
        0x0044: "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA",
        0x0045: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA",
        0x0046: "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA",
        0x0060: "TLS_RSA_EXPORT1024_WITH_RC4_56_MD5",
        0x0061: "TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5",
        0x0062: "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA",
        0x0063: "TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA",
        0x0064: "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA",
        0x0065: "TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA",
        0x0066: "TLS_DHE_DSS_WITH_RC4_128_SHA",
        0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
        0x0068: "TLS_DH_DSS_WITH_AES_256_CBC_SHA256",
        0x0069: "TLS_DH_RSA_WITH_AES_256_CBC_SHA256",
        0x006A: "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
        0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
        0x006C: "TLS_DH_anon_WITH_AES_128_CBC_SHA256",
        0x006D: "TLS_DH_anon_WITH_AES_256_CBC_SHA256",
        0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
        0x0085: "TLS_DH_DSS_WITH_CAMELLIA_256_CBC_SHA",
        0x0086: "TLS_DH_RSA_WITH_CAMELLIA_256_CBC_SHA",
        0x0087: "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA",
        0x0088: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA",
        0x0089: "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA",
        0x0096: "TLS_RSA_WITH_SEED_CBC_SHA",
        0x0097: "TLS_DH_DSS_WITH_SEED_CBC_SHA",
        0x0098: "TLS_DH_RSA_WITH_SEED_CBC_SHA",
        0x0099: "TLS_DHE_DSS_WITH_SEED_CBC_SHA",
        0x009A: "TLS_DHE_RSA_WITH_SEED_CBC_SHA",
        0x009B: "TLS_DH_anon_WITH_SEED_CBC_SHA",
        0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        0x00A0: "TLS_DH_RSA_WITH_AES_128_GCM_SHA256",
        0x00A1: "TLS_DH_RSA_WITH_AES_256_GCM_SHA384",
        0x00A2: "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256",
        0x00A3: "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
        0x00A4: "TLS_DH_DSS_WITH_AES_128_GCM_SHA256",
        0x00A5: "TLS_DH_DSS_WITH_AES_256_GCM_SHA384",
        0x00A6: "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
        0x00A7: "TLS_DH_anon_WITH_AES_256_GCM_SHA384",
        0x00BA: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0x00BB: "TLS_DH_DSS_WITH_CAMELLIA_128_CBC_SHA256",
        0x00BC: "TLS_DH_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0x00BD: "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256",
        0x00BE: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0x00BF: "TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256",
        0x00C0: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256",
        0x00C1: "TLS_DH_DSS_WITH_CAMELLIA_256_CBC_SHA256",
        0x00C2: "TLS_DH_RSA_WITH_CAMELLIA_256_CBC_SHA256",
        0x00C3: "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256",
        0x00C4: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256",
        0x00C5: "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256",
        0x1301: "TLS_AES_128_GCM_SHA256",
        0x1302: "TLS_AES_256_GCM_SHA384",
        0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0x1304: "TLS_AES_128_CCM_SHA256",
        0x1305: "TLS_AES_128_CCM_8_SHA256",
        0xC001: "TLS_ECDH_ECDSA_WITH_NULL_SHA",
        0xC002: "TLS_ECDH_ECDSA_WITH_RC4_128_SHA",
        0xC003: "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA",
        0xC004: "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA",
        0xC005: "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA",
        0xC006: "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
        0xC007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        0xC008: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
        0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xC00B: "TLS_ECDH_RSA_WITH_NULL_SHA",
        0xC00C: "TLS_ECDH_RSA_WITH_RC4_128_SHA",
        0xC00D: "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA",
        0xC00E: "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA",
        0xC00F: "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA",
        0xC010: "TLS_ECDHE_RSA_WITH_NULL_SHA",
        0xC011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        0xC012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xC015: "TLS_ECDH_anon_WITH_NULL_SHA",
        0xC016: "TLS_ECDH_anon_WITH_RC4_128_SHA",
        0xC017: "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA",
        0xC018: "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
        0xC019: "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
        0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        0xC025: "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256",
        0xC026: "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384",
        0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        0xC029: "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256",
        0xC02A: "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384",
        0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xC02D: "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256",
        0xC02E: "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384",
        0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xC031: "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256",
        0xC032: "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384",
        0xC072: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xC073: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xC074: "TLS_ECDH_ECDSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xC075: "TLS_ECDH_ECDSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xC076: "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xC077: "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xC078: "TLS_ECDH_RSA_WITH_CAMELLIA_128_CBC_SHA256",
        0xC079: "TLS_ECDH_RSA_WITH_CAMELLIA_256_CBC_SHA384",
        0xC07A: "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC07B: "TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC07C: "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC07D: "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC07E: "TLS_DH_RSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC07F: "TLS_DH_RSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC080: "TLS_DHE_DSS_WITH_CAMELLIA_128_GCM_SHA256",
        0xC081: "TLS_DHE_DSS_WITH_CAMELLIA_256_GCM_SHA384",
        0xC082: "TLS_DH_DSS_WITH_CAMELLIA_128_GCM_SHA256",
        0xC083: "TLS_DH_DSS_WITH_CAMELLIA_256_GCM_SHA384",
        0xC084: "TLS_DH_anon_WITH_CAMELLIA_128_GCM_SHA256",
        0xC085: "TLS_DH_anon_WITH_CAMELLIA_256_GCM_SHA384",
        0xC086: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC087: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC088: "TLS_ECDH_ECDSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC089: "TLS_ECDH_ECDSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC08A: "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC08B: "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC08C: "TLS_ECDH_RSA_WITH_CAMELLIA_128_GCM_SHA256",
        0xC08D: "TLS_ECDH_RSA_WITH_CAMELLIA_256_GCM_SHA384",
        0xC09C: "TLS_RSA_WITH_AES_128_CCM",
        0xC09D: "TLS_RSA_WITH_AES_256_CCM",
        0xC09E: "TLS_DHE_RSA_WITH_AES_128_CCM",
        0xC09F: "TLS_DHE_RSA_WITH_AES_256_CCM",
        0xC0A0: "TLS_RSA_WITH_AES_128_CCM_8",
        0xC0A1: "TLS_RSA_WITH_AES_256_CCM_8",
        0xC0A2: "TLS_DHE_RSA_WITH_AES_128_CCM_8",
        0xC0A3: "TLS_DHE_RSA_WITH_AES_256_CCM_8",
        0xC0AC: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
        0xC0AD: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
        0xC0AE: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
        0xC0AF: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
        0xC0B4: "TLS_SHA256_SHA256",
        0xC0B5: "TLS_SHA384_SHA384",
        0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }
)


def suite_name(suite: int) -> str:
    """Give the IANA name of a cipher suite, or its number as 0xc0ff."""
    return SUITES.get(suite) or f"0x{suite:04x}"


@lru_cache(maxsize=1024)  # a server may name any of 65,536
def weak_classes(suite: int) -> frozenset[WeakClass]:
    """Give the weak classes a cipher suite belongs to; none for a number without a name here."""
    name = SUITES.get(suite, "")
    signs = {
        WeakClass.NULL: "_WITH_NULL_" in name or name.startswith("TLS_SHA"),
        WeakClass.ANONYMOUS: "_anon_" in name,
        WeakClass.EXPORT: "_EXPORT" in name,
        WeakClass.RC4: "_RC4_" in name,
        WeakClass.DES: "_DES_" in name or "_DES40_" in name,
        WeakClass.TRIPLE_DES: "_3DES_" in name,
        WeakClass.RSA_KEY_EXCHANGE: name.startswith("TLS_RSA_"),
        WeakClass.CBC_SHA1: "_CBC_" in name and name.endswith("_SHA"),
    }
    return frozenset(weak for weak, holds in signs.items() if holds)


@cache
def suites_of(weak: WeakClass) -> tuple[int, ...]:
    """Give every cipher suite of a weak class that versions before TLS 1.3 can negotiate."""
    return tuple(
        suite for suite, name in SUITES.items() if weak in weak_classes(suite) and "_WITH_" in name
    )


@cache
def suites_for(version: int) -> tuple[int, ...]:
    """Give the suites to offer when only the protocol version (0x0300 to 0x0304) is in question.

    Fewer than 128, because old servers drop longer lists; strong ones first.
    """
    if version >= 0x0304:
        return tuple(suite for suite, name in SUITES.items() if "_WITH_" not in name)
    usual = [
        suite
        for suite, name in SUITES.items()
        if name.startswith(_USUAL) and "_WITH_" in name and not name.endswith("_CCM_8")
    ]
    fitting = [suite for suite in usual if version == 0x0303 or _predates_tls_1_2(suite)]
    return tuple(sorted(fitting, key=_weakness))


_USUAL = ("TLS_ECDHE_", "TLS_DHE_", "TLS_RSA_", "TLS_DH_anon_WITH_AES", "TLS_ECDH_anon_WITH_AES")


def _predates_tls_1_2(suite: int) -> bool:
    return SUITES[suite].endswith(("_SHA", "_MD5"))


def _weakness(suite: int) -> tuple[bool, bool, bool, int]:
    weak = weak_classes(suite)
    broken = weak - {WeakClass.CBC_SHA1, WeakClass.RSA_KEY_EXCHANGE}
    return bool(broken), bool(weak), not SUITES[suite].startswith("TLS_ECDHE_"), suite
