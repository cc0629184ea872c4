"""Wireshark's dissectors judge what we write: every field where they expect it, none malformed."""

import struct
import subprocess
from pathlib import Path

import pytest

from frisket.proto.lpd import wire as lpd
from frisket.proto.rfb import handshake as rfb
from frisket.proto.rfb import wire as panel
from frisket.proto.rfb.hextile import encode_hextile
from frisket.proto.rfb.pixels import TRUE_COLOUR_32
from frisket.proto.rfb.vncauth import respond
from frisket.proto.sip import wire as sip
from frisket.proto.slp import wire as slp
from frisket.proto.wsd import wire as wsd

pytestmark = pytest.mark.peer("tshark")

CLIENT, SERVER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
CLIENT_PORT = 40000
Talk = list[tuple[bool, bytes]]  # (sent by the server, octets), in order


def packets(talk: Talk, port: int, *, stream: bool) -> list[bytes]:
    """Wrap each octet string in IPv4 and TCP or UDP, checksums left out."""
    wrapped = []
    position = {False: 1, True: 1}
    for served, octets in talk:
        ports = struct.pack("!HH", *((port, CLIENT_PORT) if served else (CLIENT_PORT, port)))
        if stream:
            places = struct.pack("!II", position[served], position[not served])
            transport = ports + places + struct.pack("!BBHHH", 5 << 4, 0x18, 65535, 0, 0)
            position[served] += len(octets)
        else:
            transport = ports + struct.pack("!HH", 8 + len(octets), 0)
        length = 20 + len(transport) + len(octets)
        hosts = SERVER + CLIENT if served else CLIENT + SERVER
        protocol = 6 if stream else 17
        head = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, 64, protocol, 0) + hosts
        wrapped.append(head + transport + octets)
    return wrapped


def dissect(folder: Path, talk: Talk, port: int, protocol: str, *, stream: bool) -> str:
    """Return what tshark says about the talk, having found nothing wrong with it."""
    capture = folder / "talk.pcap"
    records = [struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)]
    for number, packet in enumerate(packets(talk, port, stream=stream)):
        records.append(struct.pack("!IIII", number, 0, len(packet), len(packet)) + packet)
    capture.write_bytes(b"".join(records))
    transport = "tcp" if stream else "udp"
    if protocol == "xml":  # has no ports of its own
        chosen = ["--enable-heuristic", "xml_udp"]
    else:
        chosen = ["-d", f"{transport}.port=={port},{protocol}"]
    command = ["tshark", "-n", "-r", str(capture), "-V", *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Malformed" not in done.stdout
    assert "Expert Info (Error" not in done.stdout
    assert "Expert Info (Warning/Protocol" not in done.stdout
    return done.stdout


def expect(said: str, *phrases: str) -> None:
    assert [phrase for phrase in phrases if phrase not in said] == []


def test_slp(tmp_path: Path) -> None:
    url = "service:printer:lpr://192.0.2.2"
    bodies: list[tuple[bool, slp.Body]] = [
        (False, slp.ServiceRequest("service:printer", previous_responders="192.0.2.9")),
        (True, slp.ServiceReply((slp.Url(url, 60), slp.Url("service:printer:ipp://a", 61)))),
        (False, slp.AttributeRequest(url, tags="model")),
        (True, slp.AttributeReply("(model=Acme 1),duplex")),
        (False, slp.TypeRequest()),
        (True, slp.TypeReply("service:printer:lpr")),
        (True, slp.DirectoryAdvert("service:directory-agent://192.0.2.9", booted=1000)),
        (True, slp.ServiceAdvert("service:service-agent://192.0.2.2", attributes="(a=1)")),
    ]
    talk = [(served, slp.encode_message(slp.Message(body, 4660))) for served, body in bodies]
    said = dissect(tmp_path, talk, 427, "srvloc", stream=False)
    expect(said, "Service Type List: service:printer", f"URL: {url}", "(model=Acme 1),duplex")
    expect(said, "service:directory-agent://192.0.2.9", "service:service-agent://192.0.2.2", "4660")


def test_wsd(tmp_path: Path) -> None:
    device = wsd.Device("urn:uuid:1", (wsd.DEVICE, wsd.PRINTER), ("ldap:///a",), ("http://a/?b&c",))
    bodies: list[tuple[bool, wsd.Body]] = [
        (False, wsd.Probe((wsd.PRINTER,))),
        (True, wsd.ProbeMatches((device,))),
        (True, wsd.Hello(device)),
        (False, wsd.Get()),
        (True, wsd.Description("<Floor>", manufacturer="Canon", hosted=(wsd.Hosted("http://a"),))),
    ]
    talk = [(served, wsd.encode_envelope(wsd.Envelope(body, "m"))) for served, body in bodies]
    said = dissect(tmp_path, talk, 3702, "xml", stream=False)
    expect(said, "<d:ProbeMatch>", "urn:uuid:1", "http://a/?b&amp;c", "&lt;Floor&gt;")
    assert said.count("</s:Envelope>") == len(bodies)


def test_sip(tmp_path: Path) -> None:
    headers = (
        ("Via", "SIP/2.0/UDP 192.0.2.1:40000;branch=z9hG4bK1;rport"),
        ("Max-Forwards", "70"),
        ("From", '"Probe" <sip:probe@192.0.2.1>;tag=1'),
        ("To", "<sip:192.0.2.2>"),
        ("Call-ID", "1@192.0.2.1"),
        ("CSeq", "7 OPTIONS"),
    )
    request = sip.Request(headers, method="OPTIONS", uri="sip:192.0.2.2")
    reply = sip.answer(
        request, 200, source=("192.0.2.1", 40000), tag="abc", headers=(("Allow", "INVITE, ACK"),)
    )
    talk = [(False, sip.encode(request)), (True, sip.encode(reply))]
    said = dissect(tmp_path, talk, 5060, "sip", stream=False)
    expect(said, "Method: OPTIONS", "Status-Code: 200", "Sequence Number: 7", "SIP to tag: abc")
    expect(said, "RPort: 40000", "Received: 192.0.2.1", "Branch: z9hG4bK1")


def test_rfb(tmp_path: Path) -> None:
    version = rfb.Version.V3_8
    challenge = bytes(range(16))
    pixels = bytes(32 * 16 * 4 - 4) + b"\xff\xff\xff\0"
    square = panel.Rectangle(0, 0, 2, 2, pixels=bytes(range(16)))
    tiles = panel.Rectangle(0, 0, 32, 16, panel.Encoding.HEXTILE)
    update = panel.encode_server_message(panel.UpdateHead(2)) + panel.encode_rectangle(square)
    update += panel.encode_rectangle(tiles, encode_hextile(pixels, 32, 16, 4))
    init = rfb.ServerInit(800, 480, TRUE_COLOUR_32, "iR-ADV panel")
    sent: list[panel.ClientMessage] = [
        panel.SetPixelFormat(TRUE_COLOUR_32),
        panel.SetEncodings((5, 0)),
        panel.UpdateRequest(False, 0, 0, 800, 480),
        panel.KeyEvent(True, 0x41),
        panel.PointerEvent(1, 300, 200),
        panel.CutText("clip"),
    ]
    talk = [
        (True, rfb.encode_version(version)),
        (False, rfb.encode_version(version)),
        (True, rfb.encode_offer(rfb.Offer((2,)), version)),
        (False, b"\2"),
        (True, challenge),
        (False, respond("secret", challenge)),
        (True, rfb.encode_result(None, version)),
        (False, rfb.encode_client_init(shared=True)),
        (True, rfb.encode_server_init(init)),
        *((False, panel.encode_client_message(message)) for message in sent),
        (True, update),
        # No ServerCutText: this dissector overlooks its padding (RFC 6143 section 7.6.4).
        (True, panel.encode_server_message(panel.Bell())),
    ]
    said = dissect(tmp_path, talk, 5900, "vnc", stream=True)
    expect(said, "iR-ADV panel", "Authentication result: OK", "X position: 300", "Y position: 200")
    expect(said, "Text: clip", "Hextile", "Framebuffer width: 800")


def test_lpd(tmp_path: Path) -> None:
    talk = [
        (False, lpd.encode_command(lpd.Command(lpd.Verb.RECEIVE_JOB, "lp"))),
        (True, lpd.ACCEPTED),
        (False, lpd.encode_command(lpd.Command(lpd.Verb.QUEUE_LONG, "lp"))),
    ]
    said = dissect(tmp_path, talk, 515, "lpd", stream=True)
    expect(said, "LPR: transfer a printer job", "Success: accepted, proceed", "long form")
