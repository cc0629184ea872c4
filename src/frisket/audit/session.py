"""One audit run: what is judged by what, and what has been found so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from frisket.audit.attest import Attestation
from frisket.audit.attest import readings as attested
from frisket.audit.baseline import Baseline
from frisket.audit.capture import Capture
from frisket.audit.evaluate import evaluate
from frisket.audit.load import Content
from frisket.audit.waive import Waiver
from frisket.audit.waive import apply as waive
from frisket.model.finding import DeviceResult, Verdict
from frisket.model.reading import Known, Readings, Unread, Why, Witness
from frisket.model.target import Identity, Target


@dataclass(slots=True)
class Session:
    """Judges captures by one baseline, with attestations and waivers. `now` is the present, UTC."""

    content: Content
    baseline: Baseline
    now: Callable[[], datetime]
    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    _captures: dict[str, tuple[Capture, Target, str]] = field(default_factory=dict)
    _by_key: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def saying(self, attestations: tuple[Attestation, ...], waivers: tuple[Waiver, ...]) -> Session:
        """Return this session with other words of people; what was seen is shared."""
        return replace(self, attestations=attestations, waivers=waivers)

    def judge(
        self, capture: Capture, certificate_key: str = "", target: Target | None = None
    ) -> DeviceResult:
        """Judge one device by what is known so far.

        `target` is the one that was visited: people may mean it by its name and by its address.
        """
        target = target or Target(capture.target)
        self._captures[capture.target] = (capture, target, certificate_key)
        if certificate_key:
            self._by_key[certificate_key].append(capture.target)
        return self._result(capture, target, certificate_key, final=False)

    def final(self) -> dict[str, DeviceResult]:
        """Return the devices whose verdicts waited for the others (shared certificate keys)."""
        return {
            name: self._result(capture, target, key, final=True)
            for name, (capture, target, key) in self._captures.items()
            if key
        }

    def _shared(self, target: str, key: str, *, final: bool) -> Readings:
        if not key:
            return Readings()
        others = [other for other in self._by_key[key] if other != target]
        via = "all devices of this audit"
        if others:
            detail = f"the same key is used by {', '.join(others[:5])}"
            known = Known(True, Witness.NETWORK, self.now(), via, detail)
            return Readings.single({"certificate.shared": known})
        if final:
            known = Known(
                False, Witness.NETWORK, self.now(), via, "no other device showed this key"
            )
            return Readings.single({"certificate.shared": known})
        waits = Unread(Why.NOT_ASKED, via, "known when every device has been visited")
        return Readings.single({"certificate.shared": waits})

    def expired(self) -> tuple[Waiver, ...]:
        """Return the waivers that count for nothing any more."""
        return tuple(waiver for waiver in self.waivers if waiver.expires < self.now().date())

    def said(self, target: Target, identity: Identity) -> Readings:
        """Return what people attested of a device."""
        today = self.now().date()
        return attested(self.attestations, target, identity, today, self.content, self.baseline)

    def asked(self, target: Target, identity: Identity, readings: Readings) -> Baseline:
        """Return the baseline without the demands that are waived for a device."""
        findings = evaluate(self.baseline, readings, self.content)
        judged = waive(self.waivers, findings, target, identity, self.now().date())
        waived = {(f.consideration, f.rule) for f in judged if f.verdict is Verdict.WAIVED}
        return replace(
            self.baseline,
            considerations=tuple(
                replace(c, needs=tuple(n for n in c.needs if (c.id, n.id) not in waived))
                for c in self.baseline.considerations
            ),
        )

    def _result(self, capture: Capture, target: Target, key: str, *, final: bool) -> DeviceResult:
        identity: Identity = capture.identity
        today = self.now().date()
        said = self.said(target, identity)
        readings = capture.readings | said | self._shared(capture.target, key, final=final)
        findings = evaluate(self.baseline, readings, self.content)
        findings = waive(self.waivers, findings, target, identity, today)
        return DeviceResult(capture.target, identity, findings, readings)
