"""The address book, its export and its import."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lab import make_device
from tests.remote_ui import visitor

from frisket.errors import SettingRefused
from frisket.ledger import Ledger
from frisket.mfd.address_book import Address, AddressBook, AddressKind, check_address, read_ldif
from frisket.mfd.auditlog import LogKind

TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)
ADDRESSES = st.builds(
    Address,
    name=TEXT,
    kind=st.just(AddressKind.FILE),
    destination=st.just(r"\\server\share"),
    user=TEXT,
    password=TEXT,
)


@given(st.dictionaries(TEXT, ADDRESSES, min_size=1, max_size=5))
def test_what_is_exported_with_passwords_comes_back(entries: dict[str, Address]) -> None:
    book = AddressBook(Ledger(None))
    for address in entries.values():
        book.put(address)
    other = AddressBook(Ledger(None))
    assert other.take(read_ldif(book.ldif(passwords=True))) == len(book)
    assert list(other) == list(book)


@given(st.text(max_size=200) | st.lists(st.sampled_from(["cn", ":", "\n", " ", "::", "a"])))
def test_any_text_is_addresses_or_refused(text: str | list[str]) -> None:
    try:
        found = read_ldif("".join(text))
    except SettingRefused:
        return
    assert all(check_address(address) for address in found)


def test_an_import_without_passwords_keeps_those_of_the_same_place(tmp_path: Path) -> None:
    book = AddressBook(Ledger(tmp_path / "book"))
    book.put(Address("Files", AddressKind.FILE, r"\\server\share", "user", "secret"))
    book.put(Address("Mail", AddressKind.EMAIL, "a@b.test"))
    assert book.take(read_ldif(book.ldif(passwords=False))) == 2
    moved = book.ldif(passwords=False).replace(r"\\server", r"\\elsewhere")
    assert {a.password for a in book} == {"secret", ""}
    book.take(read_ldif(moved))
    assert {a.password for a in AddressBook(Ledger(tmp_path / "book"))} == {""}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 1\n",
        "cn: x\n",
        "cn: x\nprotocol: Telegraph\ndestination: y\n",
        "cn: x\nprotocol: E-Mail\ndestination: nobody\n",
        "cn:: ////\nprotocol: E-Mail\ndestination: a@b\n",
        "x" * (3 << 20),
    ],
)
def test_what_is_no_address_book_is_refused(text: str) -> None:
    with pytest.raises(SettingRefused):
        read_ldif(text)


def test_a_book_takes_all_or_none() -> None:
    book = AddressBook(Ledger(None))
    many = (Address(f"n{n}", AddressKind.EMAIL, "a@b.test") for n in range(1601))
    with pytest.raises(SettingRefused):
        book.take(many)
    assert len(book) == 0


def test_the_remote_ui_imports_a_file_and_says_what_is_wrong_with_another(tmp_path: Path) -> None:
    device = make_device(settings={"audit-log.save": True}, folder=tmp_path)
    device.addresses.put(Address("Mail", AddressKind.EMAIL, "a@b.test"))
    ldif = device.addresses.ldif(passwords=False).replace("cn: Mail", "cn: Other")
    browser = visitor(device)
    browser.get("/rps/addresses")
    assert browser.upload("/rps/addresses/import", {}, ldif.encode()).status in {302, 303}
    assert [a.name for a in device.addresses] == ["Mail", "Other"]
    browser.get("/rps/addresses")
    assert browser.upload("/rps/addresses/import", {}, b"\xff\xfe").status == 422
    imports = [e.result for e in device.log if e.kind is LogKind.EXPORT_IMPORT]
    assert imports == ["OK", "NG"]
