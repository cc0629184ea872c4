"""The way back of a run that met a surprise: what was sent is put back, the last first."""

from __future__ import annotations

from contextlib import suppress

from frisket.drivers.job import Lost
from frisket.drivers.record import Outcome, Result
from frisket.drivers.writing import TROUBLE, Writing, batches
from frisket.errors import LinkError, SettingRefused, WireError
from frisket.proto.snmp.errors import SnmpError


def resume_sent(work: Writing) -> None:
    """Take as sent what an interrupted run may have written, grouped as it was planned."""
    meant = set(work.job.meant)
    work.suspect |= set(work.job.doubted)
    work.sent = [
        keys
        for stage in work.plan.stages
        for keys in batches([k for k in stage.keys if k in meant], whole=stage.whole)
    ]


async def restore(work: Writing, why: str, undone: Outcome = Outcome.UNDONE) -> Result:
    """Put back what may have been written; `undone` names the outcome where all of it was."""
    job = work.job
    job.tell("undo", why)
    if not job.undoing:
        doubted = frozenset(work.suspect)
        await job.record.share(lambda record: record.undoing(work.plan.address, why, doubted))
    job.point("undo")
    reached = [keys for keys in work.sent if set(keys) <= set(work.reached)]
    others = [keys for keys in work.sent if keys not in reached]
    left, said = await _all(work, others)
    if not left:
        said += await _restart(work)
        # Only now: what was put back may need our way for its restart.
        left, more = await _all(work, reached)
        said += more
    elif reached:
        left += reached[0]
    outcome = Outcome.LEFT if left else undone
    if said and left:
        outcome = Outcome.UNKNOWN
    return Result(work.plan.address, outcome, "; ".join([why, *said]), left=tuple(left))


async def _all(work: Writing, sent: list[tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """Put back what was sent, the last first; return the keys that are left, and why."""
    left: list[str] = []
    said: list[str] = []
    for keys in reversed(sent):
        if said:
            left += keys
            continue
        try:
            left += await _group(work, keys)
        except (Lost, LinkError, WireError) as fault:
            said.append(f"undoing failed: {fault}")
            left += keys
    return left, said


async def _restart(work: Writing) -> list[str]:
    """Restart where what was put back waits for that; return what went wrong."""
    try:
        await work.restart()
    except (Lost, *TROUBLE, SettingRefused) as fault:
        return [f"a restart is still needed: {fault}"]
    return []


async def _group(work: Writing, keys: tuple[str, ...]) -> list[str]:
    """Put back what was sent together; return the keys for which that failed."""
    address, record = work.plan.address, work.job.record
    before = {key: work.plan.step(key).now for key in keys}
    try:
        found = await work.read_again(keys, "it does not answer")
        cuts = work.hand.name == work.plan.access and set(keys) <= set(work.reached)
        back = {
            key: value
            for key, value in before.items()
            if found.get(key) != value or key in work.suspect
        }
        if back:
            current = {key: found[key] for key in back}
            await record.share(lambda kept: kept.intent(address, current, back))
            work.job.point("undo intent")
            with suppress(SettingRefused):
                # What was taken all the same shows when it is read.
                await work.send(back)
            work.job.point("undo sent")
            # What opened our way also closes it: then nobody is left to be asked.
            found = before if cuts else await work.read_again(keys, "it does not answer")
    except (SettingRefused, SnmpError, KeyError):
        return list(keys)
    good = tuple(k for k in keys if found.get(k) == before[k] or work.insists(k))
    await record.share(lambda kept: kept.restored(address, good))
    work.job.point("restored")
    return [key for key in keys if key not in good]
