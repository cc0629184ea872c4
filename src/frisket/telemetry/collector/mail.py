"""The mail route, for sites that let nothing else out (guide Table 3): batches as attachments.

A batch is mailed, and kept until the gateway's signed receipt has come to the collector's own
mailbox; without one it is sealed and mailed again. Certificates are renewed the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from frisket.errors import LinkError, WireError
from frisket.net.post import Fetched, fetch_mail, send_mail
from frisket.telemetry.authority import make_request
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.exchange import Exchange
from frisket.telemetry.collector.keeper import Keeper, next_batch
from frisket.telemetry.collector.orders import Orders, read_orders
from frisket.telemetry.collector.outbox import Outbox, Posted
from frisket.telemetry.collector.uplink import Receipt, read_receipt, settle
from frisket.telemetry.envelope import Kind, Untrusted, check_reply
from frisket.telemetry.junk import put_aside
from frisket.telemetry.mail_settings import MailPlan
from frisket.telemetry.mailing import Answer, envelope_mail, read_answer

_DAY: Final = 86_400_000  # milliseconds
_MOST: Final = 1000  # records of a mail


@dataclass(slots=True)
class MailUplink:
    """Empties the spool by mail. `wanted` and `take` hear what the gateway asks for."""

    keeper: Keeper
    exchange: Exchange
    plan: MailPlan
    outbox: Outbox
    aside: Path
    backoff: Backoff
    wanted: Callable[[Sequence[str]], None]
    take: Callable[[Orders], Awaitable[None]]
    say: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    urgent: asyncio.Event = field(default_factory=asyncio.Event)
    after: int = 0  # the version of the orders that are known
    _said: str = ""

    async def send_all(self) -> int:
        """Read receipts, mail what waits, and mail again what has no receipt.

        Returns how many batches were mailed. Raises `LinkError`.
        """
        await self._receipts()
        await asyncio.to_thread(self._give_up)
        await self._ask()
        sent = 0
        for posted in await asyncio.to_thread(self.outbox.posted):
            if not posted.times:  # sealed, and then the line or the process was gone
                await self._mail(posted)
                sent += 1
        while (fresh := await self._next()) is not None:
            await self._mail(fresh)
            sent += 1
        return sent

    async def _next(self) -> Posted | None:
        """Seal the next batch behind those under way; it is on disk before it is mailed."""
        under_way = [one for one in self.outbox.posted() if one.kind == Kind.BATCH]
        collector = self.exchange.identity.papers.collector
        batch = await self.keeper.call(
            lambda spool: next_batch(
                spool,
                collector,
                max([spool.acknowledged, *(one.last for one in under_way)]),
                _MOST,
            )
        )
        if batch is None:
            return None
        envelope = self.exchange.sealed(Kind.BATCH, batch.octets)
        return await self._put(Kind.BATCH, batch.first, batch.last, envelope)

    async def _put(self, kind: Kind, first: int, last: int, envelope: bytes) -> Posted:
        try:
            return await asyncio.to_thread(self.outbox.put, kind.value, first, last, envelope)
        except OSError as fault:
            raise LinkError(f"no mail can be written: {fault.strerror}") from fault

    async def _mail(self, posted: Posted) -> None:
        envelope = posted.octets()
        at = self.exchange.moments.at() / 1000
        message = envelope_mail(envelope, sender=self.plan.sender, to=self.plan.to, at=at)
        await send_mail(self.plan.smtp, message)
        await asyncio.to_thread(self.outbox.mailed, posted, self.exchange.moments.running())

    def _give_up(self) -> None:
        """Forget envelopes that are long without a receipt, and what was sealed behind them.

        Their records are sealed anew: the certificate may be another by now.
        """
        before = self.exchange.moments.running() - self.plan.again * 1000
        late = [one for one in self.outbox.posted() if one.times and one.moment <= before]
        for one in self.outbox.posted():
            behind = any(one.kind == each.kind and one.first >= each.first for each in late)
            if behind:
                self.outbox.drop(one)

    async def _ask(self) -> None:
        """Ask for a fresh certificate when it is time, and once a day for orders."""
        under_way = {one.kind for one in self.outbox.posted()}
        if self.exchange.renewal_due and Kind.RENEW not in under_way:
            request = make_request(self.exchange.identity.key).encode()
            await self._put(Kind.RENEW, 0, 0, self.exchange.sealed(Kind.RENEW, request))
        asked = (await self.keeper.call(lambda spool: spool.notes)).get("orders-asked")
        now = self.exchange.moments.running()
        if Kind.ORDERS not in under_way and (asked is None or now - int(asked) >= _DAY):
            body = msgspec.json.encode({"after": self.after, "wait": 0})
            await self._put(Kind.ORDERS, 0, 0, self.exchange.sealed(Kind.ORDERS, body))
            await self.keeper.note(**{"orders-asked": now})

    async def _receipts(self) -> None:
        answers: list[Answer] = []

        def take(mail: Fetched) -> bool:
            try:
                answers.append(read_answer(mail.whole()))
            except WireError:
                put_aside(self.aside, mail.octets)
            return True

        # A receipt that is lost in a crash here is made up for: its batch is mailed again.
        await fetch_mail(self.plan.pop, take)
        for answer in answers:
            await self._answered(answer)

    async def _answered(self, answer: Answer) -> None:
        """Believe an answer that the gateway signed for an envelope of ours, and no other."""
        posted = await asyncio.to_thread(self.outbox.answered, answer.about)
        if posted is None:
            return
        authority = self.exchange.identity.authority
        try:
            check_reply(authority, posted.octets(), answer.body, answer.signature)
            if posted.kind == Kind.RENEW:
                self.exchange.renewed(answer.body)
            elif posted.kind == Kind.ORDERS:
                orders = read_orders(answer.body)
                await self.take(orders)
                self.after = orders.version
            else:
                await self._settle(read_receipt(answer.body))
        except (Untrusted, WireError) as fault:
            self.tell(f"a receipt that is none was put aside: {fault}")
            put_aside(self.aside, answer.body)
            return
        self.outbox.drop(posted)

    async def _settle(self, receipt: Receipt) -> None:
        await self.keeper.call(lambda spool: settle(spool, receipt))
        self.wanted(receipt.full)
        for posted in self.outbox.posted():
            if posted.kind == Kind.BATCH and posted.last <= receipt.acknowledged:
                self.outbox.drop(posted)

    async def run(self) -> None:
        """Mail for ever: at once what is urgent, the rest every hour."""
        while True:
            try:
                await self.send_all()
            except (LinkError, WireError) as fault:
                self.tell(str(fault))
                await self.keeper.note(trouble=str(fault)[:300])
                await self.sleep(self.backoff.failed())
                continue
            self.backoff.worked()
            self.tell("")
            timer = asyncio.ensure_future(self.sleep(self.plan.every))
            bell = asyncio.ensure_future(self.urgent.wait())
            try:
                await asyncio.wait({timer, bell}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                bell.cancel()
            self.urgent.clear()

    def tell(self, said: str) -> None:
        """Say what is wrong, once, and when it is over."""
        if said != self._said:
            self.say(said or "the mail server takes what is sent")
        self._said = said
