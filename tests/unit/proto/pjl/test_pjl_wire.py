import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.pjl import wire as pjl
from frisket.proto.pjl.wire import UEL, Answer, Command, Option, Preamble


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"@PJL", Command("")),
        (b"@PJL INFO ID", Command("INFO", (Option("ID"),))),
        (b"@PJL info status", Command("INFO", (Option("STATUS"),))),
        (b"@PJL SET COPIES = 3", Command("SET", (Option("COPIES", "3"),))),
        (
            b"@PJL SET LPARM : PCL PTSIZE=14.75",
            Command("SET", (Option("PTSIZE", "14.75"),), Option("LPARM", "PCL")),
        ),
        (
            b'@PJL JOB NAME="Part 1 = draft" START=1',
            Command("JOB", (Option("NAME", "Part 1 = draft"), Option("START", "1"))),
        ),
        (b"@PJL USTATUS DEVICE=ON", Command("USTATUS", (Option("DEVICE", "ON"),))),
        (b"@PJL ECHO 13:24:11 x=1 ", Command("ECHO", text="13:24:11 x=1")),
        (b'@PJL RDYMSG DISPLAY=""', Command("RDYMSG", (Option("DISPLAY", ""),))),
        (
            b'@PJL FSQUERY NAME = "0:\\pcl\\x"',
            Command("FSQUERY", (Option("NAME", "0:\\pcl\\x"),)),
        ),
        (
            b'@PJL FSDOWNLOAD FORMAT:BINARY SIZE=3 NAME="0:\\a"',
            Command(
                "FSDOWNLOAD",
                (Option("SIZE", "3"), Option("NAME", "0:\\a")),
                Option("FORMAT", "BINARY"),
            ),
        ),
    ],
)
def test_commands(line: bytes, command: Command) -> None:
    assert pjl.read_command(line) == command
    assert pjl.read_command(pjl.encode_command(command).removesuffix(b"\r\n")) == command


@pytest.mark.parametrize("line", [b"@PJLX", b"PJL INFO", b"@PJL =", b'@PJL SET A="x', b"\xff"])
def test_refused_commands(line: bytes) -> None:
    with pytest.raises(WireError):
        pjl.read_command(line)


JOB = UEL + b"@PJL\r\n@PJL SET COPIES=2\r\n@PJL ENTER LANGUAGE = PostScript\r\n"


def test_document_begins_after_the_language() -> None:
    found = pjl.read_preamble(JOB + b"%!PS\n")
    assert found.commands[1] == Command("SET", (Option("COPIES", "2"),))
    assert (found.language, found.document_at) == ("POSTSCRIPT", len(JOB))
    for length in range(len(JOB)):
        with pytest.raises(Incomplete):
            pjl.read_preamble(JOB[:length])


@pytest.mark.parametrize(
    ("data", "language", "at"),
    [
        (b"%!PS-Adobe-3.0\n", "POSTSCRIPT", 0),
        (b"\x1bE\x1b&l0O", "PCL", 0),
        (b"%PDF-1.7\n", "PDF", 0),
        (b"hello", "", 0),
        (UEL + b"@PJL COMMENT x\n\n" + b"%!PS", "POSTSCRIPT", 9 + 15 + 1),
        (UEL + b") HP-PCL XL;2;0", "PCLXL", 9),
    ],
)
def test_documents_without_an_entered_language(data: bytes, language: str, at: int) -> None:
    found = pjl.read_preamble(data, ended=True)
    assert (found.language, found.document_at) == (language, at)


def test_end_of_input() -> None:
    data = UEL + b"@PJL INFO ID\r\n" + UEL
    with pytest.raises(Incomplete):
        pjl.read_preamble(data)
    whole = pjl.read_preamble(data, ended=True)
    assert whole == Preamble((Command("INFO", (Option("ID"),)),), "", len(data))
    with pytest.raises(WireError, match="longer than"):
        pjl.read_preamble(b"@PJL " + b"A" * 5000)
    with pytest.raises(WireError, match="more than 256"):
        pjl.read_preamble(b"@PJL\n" * 300)
    with pytest.raises(WireError, match="more than 65536"):
        pjl.read_preamble(b"@PJL\n" + b"\n" * 70000)


def test_answers() -> None:
    # The answer to INFO ID and an unsolicited status as HP's reference prints them.
    octets = b'@PJL INFO ID\r\n"HP LASERJET 4ML"\r\n\f'
    answer = Answer("INFO ID", ('"HP LASERJET 4ML"',))
    assert pjl.read_answer(octets + b"x") == (answer, len(octets))
    assert pjl.encode_answer(answer) == octets
    status = b'@PJL USTATUS DEVICE\r\nCODE=10001\r\nDISPLAY="00 READY"\r\nONLINE=TRUE\r\n\f'
    read, _ = pjl.read_answer(status)
    assert (read.value("CODE"), read.value("DISPLAY")) == ("10001", "00 READY")
    assert read.value("ABSENT") is None
    with pytest.raises(Incomplete):
        pjl.read_answer(octets[:-1])
    for wrong in (b"HTTP/1.0", b"x\f"):
        with pytest.raises(WireError, match="not a PJL answer"):
            pjl.read_answer(wrong)
