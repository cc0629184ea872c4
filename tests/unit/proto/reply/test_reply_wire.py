import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.reply.wire import Reply, encode_reply, read_reply


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        # RFC 959 section 4.2, the example of a reply whose inner lines start with digits.
        (
            (
                b"123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n"
                b"123 The last line\r\n"
            ),
            Reply(
                123,
                (
                    "First line",
                    "Second line",
                    "  234 A line beginning with numbers",
                    "The last line",
                ),
            ),
        ),
        # RFC 5321 section 4.2.1, the EHLO answer.
        (
            b"250-foo.com greets bar.com\r\n250-8BITMIME\r\n250-SIZE\r\n250 HELP\r\n",
            Reply(250, ("foo.com greets bar.com", "8BITMIME", "SIZE", "HELP")),
        ),
        (b"220 Connection established.\r\n", Reply(220, ("Connection established.",))),
        (b"250\r\n", Reply(250)),
        (b"220-a\n220\n", Reply(220, ("a", ""))),
        (b"214-a\r\n2145\r\n214 b\r\n", Reply(214, ("a", "2145", "b"))),
    ],
)
def test_replies(octets: bytes, reply: Reply) -> None:
    assert read_reply(octets + b"500 next\r\n") == (reply, len(octets))
    for length in range(len(octets)):
        with pytest.raises(Incomplete):
            read_reply(octets[:length])


def test_encoding() -> None:
    assert encode_reply(Reply(502, ("a\r\n221 b", "c"))) == b"502-a  221 b\r\n502 c\r\n"


@pytest.mark.parametrize(
    "octets", [b"HTTP/1.0 200 OK\r\n", b"<html", b"999 x\r\n", b"12 x\r\n", b"250x\r\n"]
)
def test_not_replies(octets: bytes) -> None:
    with pytest.raises(WireError, match="not a numbered reply"):
        read_reply(octets)


def test_limits() -> None:
    with pytest.raises(WireError, match="longer than 2048"):
        read_reply(b"220 " + b"x" * 3000)
    with pytest.raises(WireError, match="more than 128 lines"):
        read_reply(b"220-x\r\n" * 200)
    assert Reply(250).good
    assert not Reply(550).good
