"""Any octets are an SNTP message or a `WireError`."""

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.sntp import wire as sntp
from frisket.proto.sntp.wire import Packet

STAMP = st.integers(0, (1 << 64) - 1)
PACKETS = st.builds(
    Packet,
    mode=st.integers(0, 7),
    version=st.integers(0, 7),
    leap=st.integers(0, 3),
    stratum=st.integers(0, 255),
    poll=st.integers(-128, 127),
    precision=st.integers(-128, 127),
    delay=st.integers(0, (1 << 32) - 1),
    dispersion=st.integers(0, (1 << 32) - 1),
    reference_id=st.binary(min_size=4, max_size=4),
    reference=STAMP,
    originate=STAMP,
    receive=STAMP,
    transmit=STAMP,
)


@given(st.binary(max_size=120), STAMP)
def test_value_or_wire_error(data: bytes, asked: int) -> None:
    try:
        sntp.decode(data)
        assert isinstance(sntp.offset_of(asked, data, 0.0), float)
    except WireError:
        return


@given(PACKETS, st.binary(max_size=40))
def test_what_is_written_is_read(packet: Packet, extension: bytes) -> None:
    assert sntp.decode(sntp.encode(packet) + extension) == packet


@given(PACKETS, st.floats(0, 4e9))
def test_a_mutated_answer_is_judged(packet: Packet, arrived: float) -> None:
    try:
        sntp.offset_of(packet.originate, sntp.encode(packet), arrived)
    except WireError:
        return


@given(st.floats(0, 4.2e9))
def test_times_survive_both_eras(seconds: float) -> None:
    assert abs(sntp.from_wire(sntp.to_wire(seconds)) - seconds) < 1e-5
