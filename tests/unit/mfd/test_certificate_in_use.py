"""Which key and which suites a device offers follows its settings, also for a key made before."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.lab import make_device

from frisket.mfd.device import Device
from frisket.model.reading import Value


def public_key(device: Device) -> object:
    return device.certificates.certificate().public_key()


@pytest.mark.parametrize("kept", [True, False])
def test_a_weak_key_in_use_is_replaced_when_weak_keys_are_prohibited(
    kept: bool, tmp_path: Path
) -> None:
    device = make_device(quirks={"close_primes": True}, folder=tmp_path if kept else None)
    assert isinstance(public_key(device), rsa.RSAPublicKey)
    device.policy.apply(device.store, ["SP-37"], {}, "test")
    assert isinstance(public_key(device), rsa.RSAPublicKey), "it waits for a restart"
    device.store.apply_pending()
    strong = public_key(device)
    assert isinstance(strong, ec.EllipticCurvePublicKey)
    device.policy.clear("test")
    device.store.set("crypto.prohibit-weak-keys", False, "test", "panel")
    device.store.apply_pending()
    assert public_key(device) == strong, "allowing weak keys does not bring one back"


def test_a_sound_key_stays_when_weak_keys_are_prohibited(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    before = public_key(device)
    device.policy.apply(device.store, ["SP-37"], {}, "test")
    device.store.apply_pending()
    assert public_key(device) == before


def suites(settings: dict[str, Value], folder: Path) -> set[str]:
    context = make_device(settings=settings).certificates.context(folder)
    assert isinstance(context, ssl.SSLContext)
    return {c["name"] for c in context.get_ciphers() if not c["name"].startswith("TLS_")}


@pytest.mark.parametrize(
    ("algorithms", "word"), [(("AES-GCM",), "-GCM-"), (("ChaCha20",), "-CHACHA20-")]
)
def test_only_the_chosen_algorithms_are_offered(
    algorithms: tuple[str, ...], word: str, tmp_path: Path
) -> None:
    offered = suites({"tls.algorithms": algorithms}, tmp_path)
    assert offered
    assert all(word in name for name in offered), offered


def test_cipher_block_chaining_is_offered_alone_where_chosen_alone(tmp_path: Path) -> None:
    offered = suites({"tls.algorithms": ("AES-CBC", "3DES")}, tmp_path)
    assert "ECDHE-ECDSA-AES128-SHA" in offered
    assert not [name for name in offered if "GCM" in name or "CHACHA" in name]


def test_a_choice_that_openssl_has_not_offers_something_still(tmp_path: Path) -> None:
    assert suites({"tls.algorithms": ("3DES",)}, tmp_path)
    assert suites({"tls.algorithms": ()}, tmp_path)
