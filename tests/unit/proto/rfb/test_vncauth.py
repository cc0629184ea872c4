import pytest

from frisket.errors import WireError
from frisket.proto.rfb.vncauth import accepts, respond

# The key every `vncpasswd` hides stored passwords with, and what "password" becomes under it:
# published in many places as dbd83cfd727a1458.
VNCPASSWD_KEY = bytes((23, 82, 107, 6, 35, 78, 88, 7)).decode("latin-1")


def test_stored_password_vector() -> None:
    expected = bytes.fromhex("dbd83cfd727a1458")
    assert respond(VNCPASSWD_KEY, b"passwordpassword") == expected * 2


# Captured handshakes that password crackers use as their self-test.
@pytest.mark.parametrize(
    ("challenge", "response"),
    [
        ("84076F040550EEA9341967633B5F3855", "DD96D21781A70DA49443279975404DD0"),
        ("6EFF78767762AD104E52A2E15FDA3A1A", "C448C3C4BA7218EBAC29FD6623E85BAC"),
    ],
)
def test_captured_handshakes(challenge: str, response: str) -> None:
    answer = respond("pass1234", bytes.fromhex(challenge))
    assert answer.hex().upper() == response


def test_only_eight_characters_count() -> None:
    challenge = bytes(range(16))
    assert accepts("12345678", challenge, respond("12345678ignored", challenge))
    assert not accepts("1234567", challenge, respond("12345678", challenge))


def test_refuses_other_lengths_and_alphabets() -> None:
    with pytest.raises(WireError, match="15 bytes"):
        respond("x", bytes(15))
    with pytest.raises(WireError, match="Latin-1"):
        respond("пароль", bytes(16))
