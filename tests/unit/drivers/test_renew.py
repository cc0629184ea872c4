"""New passwords in two phases: at no moment is the device's password kept nowhere."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import keyring.backend
import keyring.errors
import pytest

from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login, Scoped, Secret, WebLogin
from frisket.drivers.renew import POINTS, Change, Renewed, generate, recover, renew
from frisket.drivers.vault import (
    FileVault,
    Kind,
    Overlay,
    Password,
    RingVault,
    State,
    Unfinished,
    Vault,
    VaultFault,
    meant_for,
    password_of,
    with_password,
)
from frisket.errors import SettingRefused, Silent

ADDRESS, SERIAL = "10.0.0.7", "ABC00001"
OLD, NEW = Secret("old-Horse-1"), Secret("new-Horse-2")


class Killed(BaseException):
    """The process ends here."""


class Ring(keyring.backend.KeyringBackend):
    """A keyring in the process, written to the library's own interface."""

    priority = -1.0  # the library registers every backend, and must not take this for a real one

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.shut = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.shut:
            raise keyring.errors.KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.shut:
            raise keyring.errors.PasswordSetError
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture(params=["file", "keyring"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "file":
        yield FileVault(tmp_path / "state" / "passwords.json")
    else:
        yield RingVault(Ring(), (keyring.errors.KeyringError,))


@dataclass
class FakeDevice:
    """Knows one password; its faults are those of real ones."""

    password: str = OLD.reveal()
    forgets: bool = False
    refuses: bool = False
    answer_lost: bool = False
    deaf: bool = False
    tried: list[str] = field(default_factory=list)
    sent: int = 0

    async def send(self, new: Secret) -> None:
        self.sent += 1
        if self.refuses:
            raise SettingRefused("a password has at least 32 characters")
        if not self.forgets:
            self.password = new.reveal()
        if self.answer_lost:
            raise Silent

    async def prove(self, secret: Secret) -> None:
        if self.deaf:
            raise Silent
        self.tried.append(secret.reveal())
        if secret.reveal() != self.password:
            raise LoginRefused

    def change(self, vault: Vault, kill: str = "") -> Change:
        def point(name: str) -> None:
            if name == kill:
                raise Killed

        return Change(ADDRESS, Kind.REMOTE_UI, SERIAL, vault, self.prove, self.send, "now", point)


def kept(vault: Vault) -> Password:
    found = vault.find(ADDRESS, Kind.REMOTE_UI)
    assert found is not None
    return found


async def test_a_new_password_is_proved_before_the_old_one_is_forgotten(vault: Vault) -> None:
    device = FakeDevice()
    assert await renew(device.change(vault), OLD, NEW) == (Renewed.DONE, "")
    entry = kept(vault)
    assert (entry.state, entry.old, entry.serial) == (State.SETTLED, None, SERIAL)
    assert entry.new.reveal() == device.password == NEW.reveal()
    assert device.tried == [NEW.reveal()]
    assert device.sent == 1
    assert NEW.reveal() not in repr(entry)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("where", POINTS)
async def test_killed_anywhere_the_password_is_kept(vault: Vault, where: str, again: bool) -> None:
    device = FakeDevice()
    if again:
        await renew(device.change(vault), Secret("first"), OLD)
        device.tried.clear()
        device.sent = 0
    with pytest.raises(Killed):
        await renew(device.change(vault, where), OLD, NEW)
    entry = kept(vault)
    held = {secret.reveal() for secret in (entry.new, entry.old) if secret}
    assert device.password in held
    outcome, _ = await recover(device.change(vault), entry)
    assert outcome is (Renewed.OLD if where in {"kept", "sending"} else Renewed.DONE)
    left = vault.find(ADDRESS, Kind.REMOTE_UI)
    if left is None:
        assert (device.password, again) == (OLD.reveal(), False)
    else:
        assert (left.state, left.new.reveal()) == (State.SETTLED, device.password)
    wrong = [text for text in device.tried if text != device.password]
    assert len(wrong) <= (where == "sending")
    assert device.sent == (where not in {"kept", "sending"})


@pytest.mark.parametrize(
    ("faults", "outcome", "counts", "state"),
    [
        ({"refuses": True}, Renewed.REFUSED, OLD, None),
        ({"forgets": True}, Renewed.NOT_KEPT, OLD, None),
        ({"answer_lost": True}, Renewed.DONE, NEW, State.SETTLED),
        ({"answer_lost": True, "forgets": True}, Renewed.NOT_KEPT, OLD, None),
        ({"deaf": True}, Renewed.UNKNOWN, NEW, State.SENDING),
        ({"answer_lost": True, "deaf": True}, Renewed.UNKNOWN, NEW, State.SENDING),
    ],
)
async def test_what_a_device_does_instead(
    vault: Vault, faults: dict[str, bool], outcome: Renewed, counts: Secret, state: State | None
) -> None:
    device = FakeDevice(**faults)  # type: ignore[arg-type]
    found, _ = await renew(device.change(vault), OLD, NEW)
    assert found is outcome
    assert device.password == counts.reveal()
    assert len(device.tried) == len(set(device.tried)), "nothing is tried twice"
    left = vault.find(ADDRESS, Kind.REMOTE_UI)
    assert (left and left.state) == state
    if state is State.SENDING:
        device.deaf = False
        assert await recover(device.change(vault), kept(vault)) == (Renewed.DONE, "")


async def test_where_neither_password_counts_both_stay(vault: Vault) -> None:
    device = FakeDevice(password="another", forgets=True)
    outcome, why = await renew(device.change(vault), OLD, NEW)
    assert outcome is Renewed.UNKNOWN
    assert "nor the old one" in why
    assert not {OLD.reveal(), NEW.reveal()} & set(why.split())
    assert kept(vault).state is State.SENDING


async def test_without_a_place_to_keep_it_nothing_is_sent(tmp_path: Path) -> None:
    device = FakeDevice()
    (tmp_path / "file").write_text("", encoding="utf-8")
    for vault in (
        FileVault(tmp_path / "file" / "passwords.json"),
        RingVault(shut := Ring(), (keyring.errors.KeyringError,)),
    ):
        shut.shut = True
        with pytest.raises(VaultFault):
            await renew(device.change(vault), OLD, NEW)
    assert device.sent == 0


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "passwords.json"
    vault = FileVault(path)
    entry = Password(ADDRESS, Kind.POLICY, SERIAL, State.SETTLED, NEW)
    vault.put(entry)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".lock").stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(VaultFault, match="others than you"):
        vault.all()
    path.chmod(0o600)
    text = path.read_text(encoding="utf-8")
    for damaged in (text[:-9], text.replace('"frisket_passwords": 1', '"frisket_passwords": 2'),
                    text.replace('"policy"', '"strange"'), "[]"):  # fmt: skip
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(VaultFault) as fault:
            vault.all()
        assert NEW.reveal() not in str(fault.value)


def test_entries_do_not_disturb_each_other(vault: Vault) -> None:
    one = Password(ADDRESS, Kind.POLICY, SERIAL, State.SETTLED, NEW)
    vault.put(one)
    vault.put(replace(one, kind=Kind.REMOTE_UI))
    vault.put(replace(one, address="10.0.0.8"))
    vault.put(replace(one, serial="other"))
    assert len(vault.all()) == 3
    vault.drop(ADDRESS, Kind.POLICY)
    vault.drop(ADDRESS, Kind.POLICY)
    assert {(p.address, p.kind) for p in vault.all()} == {
        (ADDRESS, Kind.REMOTE_UI),
        ("10.0.0.8", Kind.POLICY),
    }


LOGIN = Login("u", "SHA1", "DES", OLD, OLD, web=WebLogin("Administrator", OLD), policy=OLD)


def test_a_kept_password_outranks_the_file_and_is_for_one_device(vault: Vault) -> None:
    for kind in Kind:
        vault.put(Password(ADDRESS, kind, SERIAL, State.SETTLED, Secret(f"{kind}-new")))
    credentials = Credentials((Scoped(("*",), LOGIN),), Overlay(vault))
    login = credentials.for_device(ADDRESS)
    assert login is not None
    assert login.pin.serial == SERIAL
    for kind in Kind:
        secret = password_of(login, kind)
        assert secret is not None
        assert secret.reveal() == f"{kind}-new"
    other = credentials.for_device("10.0.0.8")
    assert other is LOGIN
    assert Credentials(kept=Overlay(vault)).for_device(ADDRESS) is None


def test_an_interrupted_change_is_not_guessed_at(vault: Vault) -> None:
    credentials = Credentials((Scoped(("*",), LOGIN),), Overlay(vault))
    entry = Password(ADDRESS, Kind.REMOTE_UI, SERIAL, State.KEPT, NEW, OLD)
    vault.put(entry)
    assert credentials.for_device(ADDRESS) is LOGIN, "nothing was sent"
    vault.put(replace(entry, old=Secret("kept before"), again=True))
    login = credentials.for_device(ADDRESS)
    assert login is not None
    assert login.web is not None
    assert login.web.password.reveal() == "kept before"
    vault.put(replace(entry, state=State.SENDING))
    with pytest.raises(Unfinished) as fault:
        credentials.for_device(ADDRESS)
    assert f"credentials recover {ADDRESS}" in fault.value.hint


def test_a_login_without_a_password_of_a_kind_gets_none() -> None:
    bare = Login("", "SHA1", "DES", Secret(""), Secret(""))
    for kind in (Kind.REMOTE_UI, Kind.AUTHENTICATION, Kind.ENCRYPTION):
        assert with_password(bare, kind, NEW) is bare
        assert password_of(bare, kind) is None
    assert meant_for(bare, Pin(serial=SERIAL)).pin.serial == SERIAL


def test_generated_passwords_meet_every_policy_item() -> None:
    source = random.Random(7)
    texts = {generate(source.randrange).reveal() for _ in range(500)}
    assert len(texts) == 500
    for text in texts:
        assert len(text) == 20
        assert text.isascii()
        assert text.isprintable()
        assert all(re.search(p, text) for p in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]"))
        assert not re.search(r"(.)\1\1", text)


def test_the_system_keyring_keeps_passwords() -> None:
    """The real one, where there is any: a server has none."""
    ring = keyring.get_keyring()
    if ring.priority < 1:
        pytest.skip(f"no keyring on this machine: {ring.name}")
    vault = RingVault(ring, (keyring.errors.KeyringError,))
    address = "192.0.2.250"
    vault.put(Password(address, Kind.POLICY, SERIAL, State.SETTLED, NEW))
    try:
        found = vault.find(address, Kind.POLICY)
        assert found is not None
        assert found.new.reveal() == NEW.reveal()
    finally:
        vault.drop(address, Kind.POLICY)
