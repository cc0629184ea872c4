import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.rfb import handshake as rfb
from frisket.proto.rfb.handshake import Offer, ServerInit, Version
from frisket.proto.rfb.pixels import TRUE_COLOUR_32


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (b"RFB 003.003\n", Version.V3_3),
        (b"RFB 003.005\n", Version.V3_3),
        (b"RFB 003.007\n", Version.V3_7),
        (b"RFB 003.008\n", Version.V3_8),
        (b"RFB 003.889\n", Version.V3_8),
        (b"RFB 004.001\n", Version.V3_8),
        (b"RFB 999.999\n", Version.V3_8),
    ],
)
def test_versions(line: bytes, version: Version) -> None:
    announced, used = rfb.read_version(line + b"x")
    assert (rfb.agreed(announced), used) == (version, 12)


def test_version_refusals() -> None:
    with pytest.raises(WireError, match="not RFB"):
        rfb.read_version(b"HTT")
    with pytest.raises(WireError, match="malformed"):
        rfb.read_version(b"RFB 3.8\r\n\r\n\r\n")
    with pytest.raises(WireError, match="older"):
        rfb.agreed((2, 9))
    with pytest.raises(Incomplete) as caught:
        rfb.read_version(b"RFB")
    assert caught.value.need == 12
    assert rfb.encode_version(Version.V3_8) == b"RFB 003.008\n"


def test_old_server_dictates_the_security_type() -> None:
    assert rfb.read_offer(b"\0\0\0\2", Version.V3_3) == (Offer((2,)), 4)
    assert rfb.encode_offer(Offer((2, 1)), Version.V3_3) == b"\0\0\0\2"
    refused = b"\0\0\0\0\0\0\0\4busy"
    assert rfb.read_offer(refused, Version.V3_3) == (Offer((), "busy"), 12)
    assert rfb.encode_offer(Offer((), "busy"), Version.V3_3) == refused


def test_newer_server_lists_security_types() -> None:
    assert rfb.read_offer(b"\2\2\1rest", Version.V3_8) == (Offer((2, 1)), 3)
    assert rfb.encode_offer(Offer((2, 1)), Version.V3_7) == b"\2\2\1"
    assert rfb.read_offer(b"\0\0\0\0\4busy", Version.V3_7) == (Offer((), "busy"), 9)
    with pytest.raises(WireError, match="type 0"):
        rfb.read_offer(b"\1\0", Version.V3_8)
    with pytest.raises(WireError, match="more than"):
        rfb.read_offer(b"\0\xff\xff\xff\xff", Version.V3_8)


def test_results() -> None:
    for version in Version:
        assert rfb.read_result(rfb.encode_result(None, version), version) == (None, 4)
    assert rfb.read_result(rfb.encode_result("no", Version.V3_8), Version.V3_8) == ("no", 10)
    assert rfb.read_result(rfb.encode_result("no", Version.V3_3), Version.V3_3) == ("", 4)
    assert rfb.result_follows(1, Version.V3_8)
    assert not rfb.result_follows(1, Version.V3_7)
    assert rfb.result_follows(2, Version.V3_3)


def test_server_init() -> None:
    init = ServerInit(800, 480, TRUE_COLOUR_32, "iR-ADV C3325")
    wire = rfb.encode_server_init(init)
    # Width, height and the pixel format laid out by hand from RFC 6143 sections 7.3.2 and 7.4.
    assert wire[:20].hex() == "032001e0" + "20180001" + "00ff00ff00ff" + "100800" + "000000"
    assert rfb.read_server_init(wire) == (init, len(wire))
    for hostile in (b"\xff\xff\xff\xff" + wire[4:], wire[:20] + b"\x7f\0\0\0", b"\0\0" + wire[2:]):
        with pytest.raises(WireError) as caught:
            rfb.read_server_init(hostile)
        assert not isinstance(caught.value, Incomplete)
