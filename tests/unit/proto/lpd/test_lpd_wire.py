import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.lpd import wire as lpd
from frisket.proto.lpd.wire import Command, ControlFile, Part, Subcommand, Verb

# Octets after the command pictures in RFC 1179 sections 5 and 6.
COMMANDS = [
    (b"\1lp\n", Command(Verb.PRINT_WAITING, "lp")),
    (b"\2lp\n", Command(Verb.RECEIVE_JOB, "lp")),
    (b"\3lp\n", Command(Verb.QUEUE_SHORT, "lp")),
    (b"\4lp anna 12\n", Command(Verb.QUEUE_LONG, "lp", ("anna", "12"))),
    (b"\5lp root 12 13\n", Command(Verb.REMOVE_JOBS, "lp", ("12", "13"), "root")),
]
SUBCOMMANDS = [
    (b"\1\n", Subcommand(Part.ABORT)),
    (b"\x0275 cfA006host.example\n", Subcommand(Part.CONTROL_FILE, 75, "cfA006host.example")),
    (b"\x0312 dfA006host.example\n", Subcommand(Part.DATA_FILE, 12, "dfA006host.example")),
]


@pytest.mark.parametrize(("octets", "command"), COMMANDS)
def test_commands(octets: bytes, command: Command) -> None:
    assert lpd.encode_command(command) == octets
    assert lpd.read_command(octets + b"\0") == (command, len(octets))
    with pytest.raises(Incomplete):
        lpd.read_command(octets[:-1])


@pytest.mark.parametrize(("octets", "subcommand"), SUBCOMMANDS)
def test_subcommands(octets: bytes, subcommand: Subcommand) -> None:
    assert lpd.encode_subcommand(subcommand) == octets
    assert lpd.read_subcommand(octets + b"\0") == (subcommand, len(octets))


def test_queue_question_of_rlpq() -> None:
    assert lpd.read_command(b"\3lp \n") == (Command(Verb.QUEUE_SHORT, "lp"), 5)


@pytest.mark.parametrize(
    "octets", [b"\n", b"\6lp\n", b"\2\n", b"\2 \n", b"\5lp\n", b"\2lp x\n", b"GET / HTTP/1.0\r\n"]
)
def test_refused_commands(octets: bytes) -> None:
    with pytest.raises(WireError) as caught:
        lpd.read_command(octets)
    assert not isinstance(caught.value, Incomplete)


@pytest.mark.parametrize(
    "octets",
    [
        b"\x0310 ../../etc/passwd\n",
        b"\x0310 dfA001/x\n",
        b"\x0310 cfA001x\n",
        b"\x0210 dfA001x\n",
        b"\x03-1 dfA001x\n",
        b"\x0399999999999999 dfA001x\n",
        b"\x02999999 cfA001x\n",
        "\x03٣ dfA001x\n".encode(),
        b"\x03dfA001x\n",
    ],
)
def test_refused_files(octets: bytes) -> None:
    with pytest.raises(WireError) as caught:
        lpd.read_subcommand(octets)
    assert not isinstance(caught.value, Incomplete)


def test_control_file() -> None:
    octets = b"Hhost.example\nPanna\nJreport\x1b[2J.pdf\nldfA006host.example\nUdfA006host.example\n"
    control = lpd.read_control_file(octets + b"\0")
    assert (control.host, control.user, control.job) == (
        "host.example",
        "anna",
        "report?[2J.pdf",
    )
    assert control.prints == (("l", "dfA006host.example"),)
    assert lpd.encode_control_file(control) == octets.replace(b"\x1b", b"?")
    with pytest.raises(WireError, match="more than 2 lines"):
        lpd.read_control_file(octets, max_lines=2)
    with pytest.raises(WireError, match="line"):
        lpd.read_control_file(b" x\n")


def test_injected_line_stays_one_line() -> None:
    assert lpd.encode_control_file(ControlFile((("J", "a\nUdfA001x"),))) == b"Ja?UdfA001x\n"


def test_acknowledgements_and_queue_state() -> None:
    assert lpd.read_acknowledgement(lpd.ACCEPTED) == (True, 1)
    assert lpd.read_acknowledgement(lpd.REFUSED) == (False, 1)
    with pytest.raises(Incomplete):
        lpd.read_acknowledgement(b"")
    lines = ("lp is ready", "no entries")
    assert lpd.read_queue_state(lpd.encode_queue_state(lines)) == lines
