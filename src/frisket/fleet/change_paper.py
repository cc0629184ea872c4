"""The record of a change as a paper: for those who approved it, audit it, or have to explain it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.catalog.setting import show
from frisket.drivers.order import Phase
from frisket.drivers.plan import DevicePlan
from frisket.fleet.change_record import ChangeRecord, Written
from frisket.fleet.rollout import Step
from frisket.report.paper import Block, Figures, Grid, Heading, Words
from frisket.report.speech import Speech
from frisket.store.changerecord import LoggedEntry

_NONE: Final = "\u2013"
_NAMED: Final = 12  # devices that are named where they were planned alike
_DEEDS: Final = frozenset({"change.device", "change.put-back"})  # of single devices


@dataclass(frozen=True, slots=True)
class _Alike:
    """Devices that were planned alike, and one plan for all of them."""

    plan: DevicePlan
    devices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangePaper:
    """Draws a record up. Blocks come one by one, and read what they tell as they come."""

    record: ChangeRecord
    speech: Speech

    def blocks(self) -> Iterator[Block]:
        """Yield the paper."""
        say = self.speech.say
        yield self._figures()
        yield self._facts()
        yield self._decided()
        yield self._course()
        yield self._waves()
        yield self._devices()
        yield Heading(say("What was to be changed"))
        yield from self._settings()
        yield Heading(say("What was done to each device"))
        yield self._written()
        yield Heading(say("The audit log"))
        yield from self._log()

    def _figures(self) -> Figures:
        record, say = self.record, self.speech.say
        steps = record.steps
        bad = steps[Step.FAILED.value] + steps[Step.UNKNOWN.value]
        return Figures(
            (
                (f"{len(record.part):,}", say("devices to change")),
                (f"{steps[Step.DONE.value]:,}", say("done, read back and proved")),
                (f"{bad:,}", say("failed, or not known")),
                (f"{steps[Step.UNDONE.value]:,}", say("put back")),
            )
        )

    def _facts(self) -> Grid:
        record, say, moment = self.record, self.speech.say, self.speech.moment
        change = record.change
        like = change.source.get("baseline") or say("the accepted state of each device")
        typed = "; ".join(
            f"{say(kind.replace('_', ' '))}: {', '.join(addresses)}"
            for kind, addresses in change.accepted.items()
            if addresses
        )
        facts = (
            (say("Change"), f"{change.id} · {change.title}"),
            (say("Made like"), f"{say(change.source.get('kind', ''))} {like}"),
            (say("State"), f"{say(change.state)}{f' · {change.why}' if change.why else ''}"),
            (say("Sites"), record.sites),
            (say("Settings in all"), f"{sum(row.settings for row in record.part):,}"),
            (
                say("Planned"),
                say("%(when)s by %(who)s", when=moment(change.made), who=change.made_by),
            ),
            (say("Begun"), moment(change.began)),
            (say("Ended"), moment(change.ended)),
            (say("Typed confirmations"), typed),
            (say("Rules and tables"), change.content),
            (say("Digest of the plans"), record.plans_digest),
        )
        rows = tuple((name, text) for name, text in facts if text)
        return Grid(say("The change"), (say("What"), say("As it is kept")), rows, widths=(1, 4))

    def _decided(self) -> Grid:
        say, moment = self.speech.say, self.speech.moment
        rows = tuple(
            (
                str(row.id),
                f"{row.proposer_name}, {moment(row.proposed)}",
                say(row.state),
                ", ".join(part for part in (row.decider_name, moment(row.decided)) if part),
                row.reason,
                str(row.body.get("plans", "")),
            )
            for row in self.record.proposals
        )
        heads = ("Proposal", "Proposed by", "State", "Decided by", "Reason", "Digest of the plans")
        return Grid(
            say("Who decided"),
            tuple(map(say, heads)),
            rows,
            widths=(0.9, 2.4, 1, 2.4, 2, 2.4),
            codes=frozenset({5}),
            empty=say("It took no second person: one device, and no way was cut."),
        )

    def _course(self) -> Grid:
        say = self.speech.say
        rows = (
            (self.speech.second(one.at), one.actor, say(one.action), told(one), str(one.number))
            for one in self.record.log()
            if one.action not in _DEEDS
        )
        heads = tuple(map(say, ("When", "Who", "What", "Details", "Log entry")))
        empty = say("Nothing was decided yet.")
        widths, numbers = (2, 1.5, 1.7, 5, 0.9), frozenset({4})
        return Grid(say("Decisions, pauses and halts"), heads, rows, numbers, widths, empty=empty)

    def _waves(self) -> Grid:
        say, speech = self.speech.say, self.speech
        rows = tuple(
            (
                say("first one of each model") if wave.number == 1 else str(wave.number),
                f"{wave.devices:,}",
                f"{wave.steps.get(Step.DONE.value, 0):,}",
                f"{wave.bad:,}",
                f"{wave.steps.get(Step.UNDONE.value, 0):,}",
                speech.second(wave.first),
                speech.second(wave.last),
            )
            for wave in self.record.waves
        )
        heads = ("Wave", "Devices", "Done", "Failed", "Put back", "First", "Last")
        return Grid(
            say("Waves"),
            tuple(map(say, heads)),
            rows,
            frozenset({1, 2, 3, 4}),
            (2.4, 1, 1, 1, 1, 2, 2),
            empty=say("It has not begun."),
        )

    def _devices(self) -> Grid:
        say, speech = self.speech.say, self.speech
        rows = (
            (
                row.name or row.address,
                row.address,
                row.model,
                row.site,
                str(row.wave + 1) if row.wave >= 0 else _NONE,
                f"{row.settings:,}",
                self._stands(row),
                "; ".join(part for part in (row.why, _health(row.health)) if part),
                speech.second(row.at),
            )
            for row in self.record.rows
        )
        heads = ("Device", "Address", "Model", "Site", "Wave", "Settings", "Result", "Why", "When")
        return Grid(
            say("Devices and how each ended"),
            tuple(map(say, heads)),
            rows,
            frozenset({4, 5}),
            (2, 1.7, 2, 1.4, 0.8, 1.1, 1.4, 2.6, 2.5),
            empty=say("It has no devices."),
        )

    def _stands(self, row: Any) -> str:
        say = self.speech.say
        if not row.settings:
            return say("not planned") if row.why else say("nothing to do")
        words = [row.step, *([row.outcome] if row.outcome not in {"", row.step} else [])]
        return ", ".join(map(say, words))

    def _settings(self) -> Iterator[Block]:
        """Yield what was planned, once for all devices that were planned alike."""
        say, groups = self.speech.say, dict[object, _Alike]()
        for one in self.record.devices():
            plan = one.plan
            if plan is not None and plan.steps:
                same = (plan.driver, plan.access, plan.stages, plan.steps, plan.before, plan.after)
                group = groups.setdefault(same, _Alike(plan))
                group.devices.append(one.row.name or one.row.address)
        if not groups:
            yield Words(say("Nothing was to be changed."))
        for group in groups.values():
            yield from self._group(group)

    def _group(self, group: _Alike) -> Iterator[Block]:
        say, plan, names = self.speech.say, group.plan, group.devices
        shown = ", ".join(names[:_NAMED])
        if len(names) > _NAMED:
            shown = say("%(names)s and %(n)s more", names=shown, n=f"{len(names) - _NAMED:,}")
        yield Heading(self.speech.count("%(n)s device", "%(n)s devices, alike", len(names)), 2)
        yield Words(f"{plan.identity.model} · {shown}" if plan.identity.model else shown)
        rows = tuple(
            (
                f"{step.label}",
                step.key,
                show(step.now) or say("empty"),
                show(step.wanted) or say("empty"),
                f"{' '.join(step.rows)} ({say(step.severity.value)})",
                _costs(step, self.speech),
                self._when(plan, step.key),
            )
            for stage in plan.stages
            for step in map(plan.step, stage.keys)
        )
        heads = ("Setting", "Name", "Before", "After", "Asked for by", "What it costs", "When")
        label = say("Settings, before and after")
        widths, codes = (2.4, 2.4, 1.6, 1.6, 1.5, 3.4, 1.6), frozenset({1})
        yield Grid(label, tuple(map(say, heads)), rows, widths=widths, codes=codes)
        ways = tuple(
            (name, ", ".join(before) or say("none"), ", ".join(after) or say("none is left"))
            for name, before, after in (
                (say("to manage it"), plan.before.managing, plan.after.managing),
                (say("in all"), plan.before.ways, plan.after.ways),
                (say("to print on it"), plan.before.print_paths, plan.after.print_paths),
            )
        )
        heads_ = (say("Ways"), say("Before"), say("After"))
        yield Grid(say("Ways that survive"), heads_, ways, widths=(1, 3, 3))

    def _when(self, plan: DevicePlan, key: str) -> str:
        words = {
            Phase.REACH: "first, to have a way that survives",
            Phase.OPEN: "first, to have a way that survives",
            Phase.CHANGE: "then",
            Phase.LOGIN: "then, our own login",
            Phase.CLOSE: "then, it closes a way",
            Phase.LAST: "last, it closes our own way",
        }
        stage = next(one for one in plan.stages if key in one.keys)
        when = self.speech.say(words[stage.phase])
        return f"{when}; {self.speech.say('restart')}" if stage.restart else when

    def _written(self) -> Grid:
        say = self.speech.say
        rows = (
            (
                one.row.name or one.row.address,
                self.speech.second(written.at),
                self._deed(written),
                details_of(written.row),
            )
            for one in self.record.devices()
            for written in one.written
        )
        return Grid(
            say("Evidence"),
            tuple(map(say, ("Device", "When", "What", "Details"))),
            rows,
            widths=(1.6, 1.7, 2, 6),
            empty=say("Nothing was written."),
        )

    def _deed(self, written: Written) -> str:
        words = {
            "intent": "about to write",
            "written": "written and read back",
            "restored": "put back and read back",
            "undoing": "begins to put back",
            "restart": "restarts it",
            "outcome": "ended",
            "again": "another turn",
        }
        what = str(written.row.get("what", ""))
        text = self.speech.say(words.get(what, what))
        return f"{text} ({self.speech.say('undoing')})" if written.undoing else text

    def _log(self) -> Iterator[Block]:
        say = self.speech.say
        yield Words(
            say(
                "Each entry has a digest (SHA-256) over itself and the one before it. Whoever has "
                "an export of the log sees with `frisket log verify FILE --head NUMBER:DIGEST` "
                "that an entry below is in it, and as it was."
            )
        )
        rows = (
            (
                *(str(one.number), self.speech.second(one.at), one.actor),
                *(say(one.action), one.about, say(one.outcome), one.digest),
            )
            for one in self.record.log()
        )
        heads = ("No.", "When", "Who", "What", "About", "Outcome", "Digest")
        widths = (0.7, 2, 1.3, 1.8, 2.4, 1, 4.6)
        yield Grid(
            say("Entries about this change"),
            tuple(map(say, heads)),
            rows,
            frozenset({0}),
            widths,
            frozenset({6}),
            empty=say("The log has no entry about it."),
        )


def _health(text: str) -> str:
    return "" if text in {"", "good"} else text


def _costs(step: Any, speech: Speech) -> str:
    breaks = [text.rstrip(".") for text in step.breaks]
    parts = [speech.say("breaks: %(text)s", text="; ".join(breaks))] if breaks else []
    if step.used_by:
        parts.append(speech.say("used by: %(text)s", text="; ".join(step.used_by)))
    if step.insist:
        parts.append(speech.say("the network saw otherwise than the device says"))
    return ". ".join(parts)


def details_of(row: Mapping[str, Any]) -> str:
    """Return what one row of a record says beside its word."""
    match row.get("what"):
        case "intent":
            pairs = row.get("values", {}).items()
            return "; ".join(f"{key}: {_value(was)} → {_value(now)}" for key, (was, now) in pairs)
        case "written" | "restored":
            return ", ".join(row.get("keys", ()))
        case "outcome":
            left = ", ".join(row.get("left", ()))
            parts = (row.get("outcome", ""), row.get("why", ""), left and f"left: {left}")
            return "; ".join(part for part in parts if part)
        case _:
            return str(row.get("why", ""))


def _value(value: Any) -> str:
    return show(tuple(value) if isinstance(value, list) else value) or "empty"


def told(entry: LoggedEntry) -> str:
    """Return what an entry of the log says beside who, what and when."""
    details = json.loads(entry.body).get("details", {})
    said = {name: value for name, value in details.items() if name != "condition" and value}
    text = "; ".join(f"{name}: {_plain(value)}" for name, value in said.items())
    return f"{entry.about}. {text}" if text and entry.about.startswith("proposal") else text


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
