"""Credentials: where they come from, whom they are for, and that nobody sees them."""

from __future__ import annotations

import copy
import json
import pickle
import re
import traceback
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.project.tree import ROOT

from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login, Secret
from frisket.drivers.credential_file import (
    Sources,
    from_environment,
    parse_credentials,
    read_credentials,
)
from frisket.errors import UsageError

HIDDEN = "Wr0ng-horse"
GOOD = f"""
[[credential]]
for = ["10.0.0.0/24", "mfd-*"]
user = "fleet"
authentication = "SHA2-256"
authentication-password = "{HIDDEN}"
encryption-password-from = "$SECOND"
serial = "ABC00001"

[[credential]]
for = ["*"]
user = "other"
authentication-password-from = "prompt"
encryption-password = "{HIDDEN}"
"""


def nobody(prompt: str) -> str:
    raise AssertionError(prompt)


def parse(text: str) -> Credentials:
    sources = Sources({"SECOND": HIDDEN + "2"}, lambda _: HIDDEN + "3")
    return parse_credentials(text, "c.toml", sources)


def test_the_first_that_covers_a_device_counts() -> None:
    found = parse(GOOD)
    inside = found.for_device("10.0.0.7")
    assert inside is not None
    assert (inside.user, inside.pin) == ("fleet", Pin("", "ABC00001"))
    assert inside.encryption_password.reveal() == HIDDEN + "2"
    assert found.for_device("192.0.2.1", "MFD-7") == inside
    outside = found.for_device("192.0.2.1", "printer")
    assert outside is not None
    assert (outside.user, outside.authentication, outside.encryption) == (
        "other",
        "SHA1",
        "AES-128",
    )
    assert outside.authentication_password.reveal() == HIDDEN + "3"
    assert Credentials().for_device("10.0.0.7") is None


def test_a_certificate_may_be_named_as_tools_show_it() -> None:
    shown = ":".join(["AB"] * 32)
    entry = GOOD.replace('serial = "ABC00001"', f'certificate = "{shown}"')
    inside = parse(entry).for_device("10.0.0.7")
    assert inside is not None
    assert inside.pin == Pin(tls="ab" * 32)
    for wrong in ("ab" * 31, "zz" * 32, "ab" * 20):
        with pytest.raises(UsageError, match="64 hexadecimal digits"):
            parse(GOOD.replace('serial = "ABC00001"', f'certificate = "{wrong}"'))


def test_no_way_of_showing_a_login_shows_its_passwords() -> None:
    login = parse(GOOD).for_device("10.0.0.7")
    assert login is not None
    credential = login.snmp(b"\x80\x00\x13\x70\x03abcdef")
    shown = [repr(login), str(login), f"{login!r:>200}", str(login.encryption_password)]
    shown += [repr(credential), repr(parse(GOOD))]
    assert not [text for text in shown if HIDDEN in text]
    with pytest.raises(TypeError):
        asdict(login)
    with pytest.raises(TypeError):
        pickle.dumps(login.encryption_password)
    with pytest.raises(TypeError):
        json.dumps(login.encryption_password)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(GOOD, encoding="utf-8")
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(UsageError, match="others than you") as fault:
            read_credentials(path, Sources({"SECOND": HIDDEN}, nobody))
        assert "chmod 600" in fault.value.hint
    path.chmod(0o600)
    assert read_credentials(path, Sources({"SECOND": HIDDEN}, lambda _: HIDDEN)).scoped
    with pytest.raises(UsageError, match="cannot read credentials"):
        read_credentials(tmp_path / "none.toml", Sources({}, nobody))


ROW = f'[[credential]]\nfor = "*"\nuser = "u"\nauthentication-password = "{HIDDEN}"\n'
LAST = f'encryption-password = "{HIDDEN}"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no \\[\\[credential\\]\\]"),
        (ROW, "give encryption-password, or encryption-password-from"),
        (ROW + LAST + 'encryption-password-from = "prompt"\n', "give encryption-password, or"),
        (ROW + 'encryption-password-from = "$NONE"\n', "the environment has no NONE"),
        (ROW + 'encryption-password-from = "elsewhere"\n', 'is "prompt", '),
        (ROW + 'encryption-password = "short"\n', "8 characters"),
        (ROW + LAST + 'authentication = "SHA9"\n', "authentication is one of MD5, SHA1"),
        (ROW + LAST + "strange = 1\n", "unknown field strange"),
        (ROW.replace('for = "*"\n', "") + LAST, "for names the devices"),
        (ROW + f'encryption-password = "{HIDDEN}\n', "not sound TOML"),
        (f'"{HIDDEN}" = 1\n', "nothing but"),
    ],
)
def test_a_fault_is_named_without_showing_a_password(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as fault:
        parse(text)
    assert HIDDEN not in f"{fault.value} {fault.value.hint} {fault.value.__cause__}"


def test_the_environment_gives_one_login_for_all() -> None:
    names = ("FRISKET_SNMP_AUTHENTICATION_PASSWORD", "FRISKET_SNMP_ENCRYPTION_PASSWORD")
    given = {"FRISKET_SNMP_USER": "u", names[0]: HIDDEN, names[1]: HIDDEN}
    login = from_environment(Sources(given, nobody)).for_device("192.0.2.1")
    assert login is not None
    assert (login.user, login.authentication, login.encryption) == ("u", "SHA1", "AES-128")
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return HIDDEN

    from_environment(Sources({}, ask))
    assert len(asked) == 3
    with pytest.raises(UsageError, match="names no algorithm"):
        from_environment(Sources({**given, "FRISKET_SNMP_ENCRYPTION": "ROT13"}, nobody))


def test_the_example_of_the_document_is_sound() -> None:
    document = ROOT / "docs" / "reference" / "credentials.md"
    sample = re.search(r"```toml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert sample
    found = parse_credentials(
        sample[1], "doc", Sources({"FLEET_AUTH": HIDDEN, "FLEET_WRITES": HIDDEN}, lambda _: HIDDEN)
    )
    login = found.for_device("10.1.0.9")
    assert login is not None
    assert login.web is not None
    assert login.web.plaintext


def test_a_login_follows_what_the_device_was_told() -> None:
    login = Login("u", "SHA1", "DES", Secret(HIDDEN), Secret(HIDDEN))
    changed = login.changed({"authentication": "SHA2-512"})
    assert (changed.authentication, changed.encryption) == ("SHA2-512", "DES")
    assert changed.authentication_password is login.authentication_password


class Ring:
    """A keyring in the process, with the library's own interface."""

    def get_password(self, service: str, username: str) -> str | None:
        return HIDDEN if (service, username) == ("frisket/branch", "fleet") else None


def test_a_password_may_come_from_a_file_or_a_keyring(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(f"{HIDDEN}\n", encoding="utf-8")
    path.chmod(0o600)
    text = (
        '[[credential]]\nfor = "*"\nremote-ui-password-from = "keyring:frisket/branch/fleet"\n'
        f'policy-password-from = "file:{path}"\n'
    )
    login = parse_credentials(text, "c", Sources({}, nobody, Ring())).for_device("10.0.0.1")
    assert login is not None
    assert login.web is not None
    assert login.policy is not None
    assert login.web.password.reveal() == login.policy.reveal() == HIDDEN
    assert HIDDEN not in repr(login)
    with pytest.raises(UsageError, match="no password of fleet for frisket/branch"):
        parse_credentials(text, "c", Sources({}, nobody))
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others than you"):
        parse_credentials(text, "c", Sources({}, nobody, Ring()))
    path.chmod(0o600)
    path.write_text("two\nlines", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no password") as fault:
        parse_credentials(text, "c", Sources({}, nobody, Ring()))
    assert "lines" not in str(fault.value).replace("one line", "")


def test_a_group_gets_its_own_login() -> None:
    text = (
        f'[[credential]]\nfor = "group:branch"\nremote-ui-password = "{HIDDEN}"\n'
        f'[[credential]]\nfor = "*"\nremote-ui-password = "other"\n'
    )
    groups = {"branch": ("10.7.0.0/24", "mfd-7")}
    found = parse_credentials(text, "c", Sources({}, nobody, groups=lambda name: groups[name]))
    passwords = []
    for address, name in (("10.7.0.9", ""), ("10.8.0.1", "mfd-7"), ("10.8.0.1", "")):
        login = found.for_device(address, name)
        assert login is not None
        assert login.web is not None
        passwords.append(login.web.password.reveal())
    assert passwords == [HIDDEN, HIDDEN, "other"]
    with pytest.raises(UsageError, match="there is no inventory"):
        parse_credentials(text, "c", Sources({}, nobody))


def test_the_environment_may_hold_a_remote_ui_login_alone() -> None:
    given = {"FRISKET_REMOTE_UI_PASSWORD": HIDDEN, "FRISKET_POLICY_PASSWORD": HIDDEN + "2"}
    login = from_environment(Sources(given, nobody)).for_device("10.0.0.1")
    assert login is not None
    assert login.web is not None
    assert login.policy is not None
    assert (login.user, login.web.user, login.web.plaintext) == ("", "Administrator", False)
    assert login.web.password.reveal() == HIDDEN
    assert login.policy.reveal() == HIDDEN + "2"


def test_a_traceback_with_its_variables_shows_no_password() -> None:
    secret = Secret(HIDDEN)

    def fail(given: Secret) -> None:
        raise ValueError(given)

    with pytest.raises(ValueError) as fault:
        fail(secret)
    told = traceback.TracebackException.from_exception(fault.value, capture_locals=True)
    text = "".join(told.format())
    assert "Secret(...)" in text
    assert HIDDEN not in text
    assert HIDDEN not in f"{secret}{secret!s:>40}"
    for copying in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copying(secret)


def test_where_the_remote_ui_is_wanted_its_password_is_asked_for() -> None:
    asked = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "" if "policy" in prompt else HIDDEN

    login = from_environment(Sources({}, ask), web=True).for_device("10.0.0.1")
    assert login is not None
    assert login.web is not None
    assert (login.user, login.web.password.reveal(), login.policy) == ("", HIDDEN, None)
    assert asked == ["Remote UI password: ", "Security policy password (empty: none): "]
    given = {"FRISKET_REMOTE_UI_PASSWORD": HIDDEN}
    assert from_environment(Sources(given, nobody), web=True).scoped
