"""What is said of TLS where several ports differ, or not all questions were answered."""

from __future__ import annotations

from tests.loop.identity import make_certificate
from tests.unit.probe.visits import NOW, only, value, visit, why

from frisket.errors import Filtered, Refused, Silent
from frisket.model.reading import Known, Why
from frisket.probe.tls import Port, interpret
from frisket.proto.tls.wire import Version

GOOD = 0xC02F  # TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
RC4 = 0x0005


def port(number: int, *versions: int, suites: tuple[int, ...] = (GOOD,), days: int = 90) -> Port:
    return Port(
        number,
        versions=set(versions),
        suites=set(suites),
        chain=(make_certificate(days=days),),
        deep=True,
    )


def test_the_worst_of_two_ports_counts() -> None:
    good = port(443, Version.TLS_1_2, Version.TLS_1_3)
    bad = port(8443, Version.TLS_1_0, suites=(RC4,), days=-3)
    found = interpret(visit(), [good, bad])
    assert value(found, "tls.versions") == ("TLSv1.0", "TLSv1.2", "TLSv1.3")
    assert value(found, "tls.weak-ciphers") == ("RC4", "RSA key exchange")
    assert value(found, "certificate.expired") is True
    assert value(found, "certificate.days-left") == -3
    reading = only(found, "certificate.expired")
    assert isinstance(reading, Known)
    assert reading.detail.startswith("port 8443")
    assert f"{NOW:%Y}" in reading.detail


def test_silence_about_old_versions_is_no_pass() -> None:
    unsure = port(443, Version.TLS_1_2)
    unsure.unsure = {Version.SSL_3_0}
    unsure.weak_unsure = True
    found = interpret(visit(), [unsure])
    assert why(found, "tls.versions") is Why.SILENT
    assert why(found, "tls.weak-ciphers") is Why.SILENT


def test_silence_does_not_hide_what_was_seen() -> None:
    unsure = port(443, Version.TLS_1_0, suites=(RC4,))
    unsure.unsure = {Version.SSL_3_0}
    unsure.weak_unsure = True
    found = interpret(visit(), [unsure])
    assert value(found, "tls.versions") == ("TLSv1.0",)
    assert value(found, "tls.weak-ciphers") == ("RC4", "RSA key exchange")


def test_a_garbled_certificate() -> None:
    broken = port(443, Version.TLS_1_2)
    broken.chain = (b"\x30\x03\x02\x01\x01",)
    found = interpret(visit(), [broken])
    assert value(found, "tls.versions") == ("TLSv1.2",)
    assert why(found, "certificate.expired") is Why.GARBLED
    assert "certificate-key" not in found.facts


def test_no_port() -> None:
    found = interpret(visit(), [Port(443, Refused()), Port(8443, Refused())])
    assert why(found, "tls.versions") is Why.REFUSED
    found = interpret(visit(), [Port(443, Refused()), Port(8443, Filtered())])
    assert why(found, "tls.versions") is Why.FILTERED
    found = interpret(visit(), [Port(443, Silent())])
    assert why(found, "certificate.days-left") is Why.SILENT
