import pytest

from frisket.errors import WireError
from frisket.proto.wsd import wire as wsd
from frisket.proto.wsd.wire import Description, Device, Envelope, Hosted

PRINTER = Device(
    "urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119",
    (wsd.DEVICE, wsd.PRINTER, wsd.SCANNER),
    ("ldap:///ou=engineering,o=examplecom,c=us",),
    ("http://192.0.2.1:60000/wsd",),
    75965,
)
# WS-Discovery, April 2005, tables 1 and 2: the example Probe and ProbeMatch, with its white space.
PROBE = b"""<s:Envelope
    xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
    xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
    xmlns:i="http://printer.example.org/2003/imaging"
    xmlns:s="http://www.w3.org/2003/05/soap-envelope" >
  <s:Header>
    <a:Action>
      http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe
    </a:Action>
    <a:MessageID>
      uuid:0a6dc791-2be6-4991-9af1-454778a1917a
    </a:MessageID>
    <a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>
  </s:Header>
  <s:Body>
    <d:Probe>
      <d:Types>i:PrintBasic</d:Types>
      <d:Scopes
      MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/ldap" >
        ldap:///ou=engineering,o=examplecom,c=us
      </d:Scopes>
    </d:Probe>
  </s:Body>
</s:Envelope>"""
MATCH = b"""<s:Envelope
    xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
    xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
    xmlns:i="http://printer.example.org/2003/imaging"
    xmlns:s="http://www.w3.org/2003/05/soap-envelope" >
  <s:Header>
    <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>
    <a:MessageID>uuid:e32e6863-ea5e-4ee4-997e-69539d1ff2cc</a:MessageID>
    <a:RelatesTo>uuid:0a6dc791-2be6-4991-9af1-454778a1917a</a:RelatesTo>
    <a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>
    <d:AppSequence InstanceId="1077004800" MessageNumber="2" />
  </s:Header>
  <s:Body>
    <d:ProbeMatches>
      <d:ProbeMatch>
        <a:EndpointReference>
          <a:Address>uuid:98190dc2-0890-4ef8-ac9a-5940995e6119</a:Address>
        </a:EndpointReference>
        <d:Types>i:PrintBasic i:PrintAdvanced</d:Types>
        <d:Scopes>
          ldap:///ou=engineering,o=examplecom,c=us
          ldap:///ou=floor1,ou=b42,ou=anytown,o=examplecom,c=us
        </d:Scopes>
        <d:XAddrs>http://prn-example/PRN42/b42-1668-a</d:XAddrs>
        <d:MetadataVersion>75965</d:MetadataVersion>
      </d:ProbeMatch>
    </d:ProbeMatches>
  </s:Body>
</s:Envelope>"""
IMAGING = "http://printer.example.org/2003/imaging"


def test_example_probe() -> None:
    assert wsd.read_envelope(PROBE) == Envelope(
        wsd.Probe(((IMAGING, "PrintBasic"),), PRINTER.scopes),
        "uuid:0a6dc791-2be6-4991-9af1-454778a1917a",
    )


def test_example_match() -> None:
    envelope = wsd.read_envelope(MATCH)
    assert envelope.relates_to == "uuid:0a6dc791-2be6-4991-9af1-454778a1917a"
    assert envelope.sequence == (1077004800, 2)
    assert envelope.to == wsd.ANONYMOUS
    assert isinstance(envelope.body, wsd.ProbeMatches)
    (device,) = envelope.body.devices
    assert device.types == ((IMAGING, "PrintBasic"), (IMAGING, "PrintAdvanced"))
    assert len(device.scopes) == 2
    assert (device.urls, device.metadata_version) == (
        ("http://prn-example/PRN42/b42-1668-a",),
        75965,
    )


@pytest.mark.parametrize(
    "body",
    [
        wsd.Probe((wsd.PRINTER, wsd.DEVICE)),
        wsd.Probe(),
        wsd.ProbeMatches((PRINTER, Device("urn:uuid:2"))),
        wsd.ProbeMatches(()),
        wsd.Resolve(PRINTER.address),
        wsd.ResolveMatches(PRINTER),
        wsd.ResolveMatches(None),
        wsd.Hello(PRINTER),
        wsd.Bye(Device("urn:uuid:1", metadata_version=0)),
        wsd.Get(),
        Description(),
        Description(
            "<Floor & 2>",
            "05.07",
            "ABC01234",
            "Canon",
            "http://www.canon.com",
            "iR-ADV C3325",
            "1",
            "http://a/?b=1&c=2",
            "http://192.0.2.1/",
            (Hosted("http://192.0.2.1:60000/print", (wsd.PRINTER,), "uri:print"),),
        ),
    ],
)
def test_round_trips(body: wsd.Body) -> None:
    envelope = Envelope(body, "urn:uuid:m", wsd.ANONYMOUS, "urn:uuid:r", wsd.ANONYMOUS, (1, 2))
    assert wsd.read_envelope(wsd.encode_envelope(envelope)) == envelope


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b"discovery/ProbeMatches", b"discovery/Other", "action"),
        (b"uuid:98190dc2-0890-4ef8-ac9a-5940995e6119", b"", "without an address"),
        (b"75965", b"-1", "MetadataVersion"),
        (b'"1077004800"', b'"99999999999"', "InstanceId"),
        (b'"2"', '"²"'.encode(), "MessageNumber"),
        (b"2003/05/soap", b"2001/05/soap", "SOAP"),
        (b"<s:Envelope", b"<!DOCTYPE x><s:Envelope", "document type"),
        (b"a:EndpointReference", b"a:Else", "without EndpointReference"),
    ],
)
def test_refusals(before: bytes, after: bytes, fault: str) -> None:
    with pytest.raises(WireError, match=fault):
        wsd.read_envelope(MATCH.replace(before, after))


def test_too_many_devices() -> None:
    many = wsd.ProbeMatches((Device("urn:uuid:2"),) * 5)
    with pytest.raises(WireError, match="5 devices"):
        wsd.read_envelope(wsd.encode_envelope(Envelope(many, "m")), max_items=4)
