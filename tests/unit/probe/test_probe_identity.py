"""Who a device is, decided from what protocols said."""

from __future__ import annotations

import pytest

from frisket.errors import ContentError
from frisket.probe.identity import (
    PRINTER_TYPE,
    Clues,
    from_web,
    parse_device_id,
    parse_recognition,
    recognise,
)

ENTERPRISES = (1, 3, 6, 1, 4, 1)


def test_an_image_runner_says_its_model_and_firmware_in_its_device_description() -> None:
    identity, why = recognise(
        Clues(
            sys_descr="Canon iR-ADV C5535 /P",
            sys_object_id=(*ENTERPRISES, 1602, 4, 7),
            device_descr="Canon iR-ADV C5535 52.30",
            device_type=PRINTER_TYPE,
            device_id="MFG:Canon;MDL:iR-ADV C5535/5540 UFR II;CLS:PRINTER;",
            make_and_model="CNiR-ADV C5535/5540",
            serial="ABC12345",
            name="Canonc2b105",
            location="2nd floor",
        )
    )
    assert (identity.vendor, identity.model) == ("Canon", "iR-ADV C5535")
    assert (identity.firmware, identity.serial) == ("52.30", "ABC12345")
    assert (identity.name, identity.location) == ("Canonc2b105", "2nd floor")
    assert "printer" in why


@pytest.mark.parametrize(
    ("clues", "vendor", "model"),
    [
        (Clues(make_and_model="CNiR-ADV C3325/3330"), "Canon", "iR-ADV C3325/3330"),
        (Clues(make_and_model="HP LaserJet 400 M401dw"), "HP", "LaserJet 400 M401dw"),
        (Clues(device_id="MFG:Pantum;MDL:M7100DW;CMD:PCL;"), "Pantum", "M7100DW"),
        (
            Clues(sys_descr="HP ETHERNET MULTI-ENVIRONMENT", device_descr="HP LaserJet P4015"),
            "HP",
            "LaserJet P4015",
        ),
        (Clues(sys_object_id=(*ENTERPRISES, 2435, 2, 3, 9, 1)), "Brother", ""),
    ],
)
def test_each_protocol_is_enough(clues: Clues, vendor: str, model: str) -> None:
    identity, why = recognise(clues)
    assert (identity.vendor, identity.model) == (vendor, model)
    assert why


@pytest.mark.parametrize(
    "text",
    [
        "ProCurve J4899B Switch 2650, revision H.10.108",
        "Canon VB-H41",
        "Epson Network Projector",
        "HP Integrated Lights-Out 4",
        "Linux ubuntu 6.1.0",
        "",
    ],
)
def test_what_is_no_printer(text: str) -> None:
    assert recognise(Clues(sys_descr=text))[1] == ""


def test_the_web_is_a_hint_and_no_proof() -> None:
    identity, why = recognise(Clues(server="Catwalk", title="Remote UI: iR-ADV C3325"))
    assert (identity.vendor, why) == ("Canon", "")
    assert from_web("nginx").vendor == ""


def test_a_device_id_is_read_whatever_it_holds() -> None:
    assert parse_device_id("MANUFACTURER:Canon ;MODEL: LBP;;x:;:;MFG:other") == {
        "MFG": "Canon",
        "MDL": "LBP",
    }
    assert parse_device_id("\x00\xff;;;") == {}
    assert len(parse_device_id("K:" + "v" * 5000)["K"]) <= 120


def test_hostile_text_is_one_bounded_line() -> None:
    identity, _ = recognise(Clues(name="a\r\nSet: b\x1b[2J" + "x" * 999, sys_descr="(" * 9999))
    assert len(identity.name) <= 120
    assert "\n" not in identity.name
    assert "\x1b" not in identity.name


@pytest.mark.parametrize(
    "raw",
    [
        {"vendor": [{"name": "x", "begins": "("}]},
        {"vendor": [{"name": "x", "begins": "x", "arcs": ["1.x"]}]},
        {"printer": [{"what": "x"}]},
    ],
)
def test_malformed_content(raw: dict[str, object]) -> None:
    with pytest.raises(ContentError):
        parse_recognition(raw)
