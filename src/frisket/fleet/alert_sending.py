"""Sending what is to be told: by mail, webhook, syslog over TLS, or a service of apprise."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

from frisket.errors import FrisketError, LinkError, UsageError
from frisket.fleet.alert_measures import Measuring, is_due
from frisket.fleet.alert_message import document_of, mail_of, syslog_of, webhook_of, words_of
from frisket.fleet.alert_secrets import open_secret
from frisket.fleet.alerting import Rule, Standing, Told, judge, read_rule
from frisket.fleet.crew import Crew
from frisket.jobs.port import Json
from frisket.net.call import call
from frisket.net.notify import check_service, notify
from frisket.net.post import MailServer, Security, send_mail
from frisket.net.web import Web, trust_of
from frisket.proto.syslog.wire import frame
from frisket.store.alerting import Alerting, Channel, Notice, StoredState

KINDS: Final = ("mail", "webhook", "apprise", "syslog", "cef")
MOST_TRIES: Final = 12
_PATIENCE: Final = 30.0  # seconds for one delivery
_LONGEST: Final = 500


def check_channel(kind: str, document: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """Return a channel's document as it is kept. Raises `UsageError`; it never shows the secret."""
    texts = {name: str(value).strip()[:20_000] for name, value in document.items()}
    match kind:
        case "mail":
            if "@" not in parseaddr(texts.get("to", ""))[1] or "@" not in texts.get("sender", ""):
                raise UsageError("a mail needs a sender and somebody who gets it")
            if any(
                len(texts[n]) > _LONGEST or not texts[n].isprintable() for n in ("to", "sender")
            ):
                raise UsageError("that is no mail address")
            return {**_place(texts, 587), **_some(texts, "to", "sender", "security", "user", "ca")}
        case "webhook":
            parts = urlsplit(texts.get("url", ""))
            if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
                raise UsageError("a webhook is https://host/path")
            if len(secret) < 16:
                raise UsageError("the secret of a webhook has 16 characters or more")
            return _some(texts, "url", "ca")
        case "syslog" | "cef":
            return {**_place(texts, 6514), **_some(texts, "ca")}
        case "apprise":
            check_service(secret)
            return {}
        case _:
            raise UsageError("alerts go by mail, webhook, apprise, syslog or cef")


def _some(texts: Mapping[str, str], *names: str) -> dict[str, Any]:
    return {name: texts[name] for name in names if texts.get(name)}


def _place(texts: Mapping[str, str], usual: int) -> dict[str, Any]:
    host, port = texts.get("host", ""), texts.get("port", "") or str(usual)
    if not host or not host.isascii() or not host.isprintable() or len(host) > 255:
        raise UsageError("a server has a host name")
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
        raise UsageError("a port is 1 to 65535")
    return {"host": host, "port": int(port)}


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice on its way: its number is the same at every try."""

    number: int
    document: Mapping[str, Any]
    at: datetime


async def send(channel: Channel, secret: str, letter: Letter, now: datetime) -> None:
    """Hand a notice over; on return it was taken. Raises `LinkError`, `UsageError`."""
    about, document = channel.document, letter.document
    match channel.kind:
        case "mail":
            security = Security(str(about.get("security") or Security.STARTTLS))
            server = MailServer(
                *(str(about["host"]), int(about["port"]), security),
                *(str(about.get("user", "")), secret, str(about.get("ca", ""))),
            )
            to, sender = str(about["to"]), str(about["sender"])
            await send_mail(server, mail_of(document, letter.number, sender, to, letter.at))
        case "webhook":
            await _post(str(about["url"]), str(about.get("ca", "")), secret, letter, now)
        case "apprise":
            words = words_of(document)
            await notify(secret, words.title, words.body)
        case _:
            host = platform.node() or "-"
            octets = syslog_of(document, letter.number, host, cef=channel.kind == "cef")
            await _log(about, octets)


async def _post(url: str, ca: str, secret: str, letter: Letter, now: datetime) -> None:
    parts = urlsplit(url)
    body, headers = webhook_of(letter.document, letter.number, secret, now)
    web = Web(f"https://{parts.netloc}", trust_of(ca))
    try:
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        answer = await web.post(path, body, "application/json", timeout=_PATIENCE, headers=headers)
    finally:
        await web.close()
    if not 200 <= answer.status < 300:
        raise LinkError(f"the webhook answered {answer.status}")


async def _log(about: Mapping[str, Any], octets: bytes) -> None:
    context = trust_of(str(about.get("ca", "")))
    async with call(str(about["host"]), int(about["port"]), context, _PATIENCE) as (_, writer):
        writer.write(frame(octets))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@dataclass(frozen=True, slots=True)
class Alarming:
    """The steps of the flows `alerts` and `tell`."""

    crew: Crew

    def look(self, minute: str) -> Json:
        """Judge every rule that is looked at in this minute; return what is to be delivered."""
        store, at = Alerting(self.crew.database), datetime.fromisoformat(minute)
        rules = [read_rule(r.id, r.name, r.document) for r in store.rules(active=True)]
        due = [rule for rule in rules if is_due(rule.signal, at)]
        if due:
            store.forget_gone()
        for rule in due:
            self._judge(rule)
        return list(store.waiting(MOST_TRIES))

    def _judge(self, rule: Rule) -> None:
        store, now = Alerting(self.crew.database), self.crew.now()
        before = {row.subject: Standing(**row._asdict()) for row in store.states(rule.id)}
        measures = Measuring(self.crew.database, now).measures(rule.signal, before)
        after, told = judge(rule, before, measures, now)
        states = [_stored(standing) for standing in after.values()]
        known = {channel.id for channel in store.channels()}
        notices = [_notice(one, to) for one in told for to in rule.channels if to in known]
        store.keep(rule.id, states, notices)
        for one in told:
            what = {"site_id": one.standing.site_id, "change": one.change.value}
            self.crew.told("alert", what)

    def deliver(self, number: int) -> Json:
        """Deliver one notice; say how it ended. One that was delivered is not delivered again."""
        store = Alerting(self.crew.database)
        row = store.notice(number)
        channels = {channel.id: channel for channel in store.channels()}
        if row is None or row.delivered is not None or row.channel_id not in channels:
            return "gone"
        channel, now = channels[row.channel_id], self.crew.now()
        if row.tries and now < row.at + again_after(row.tries):
            return "waits"
        try:
            secret = self._secret(channel)
            asyncio.run(send(channel, secret, Letter(number, row.document, row.at), now))
        except FrisketError as fault:
            store.failed(number, str(fault))
            return "failed"
        store.delivered(number, now)
        return "delivered"

    def _secret(self, channel: Channel) -> str:
        if not channel.secret:
            return ""
        if self.crew.equipment is None:
            raise UsageError("this process opens no secrets")
        return open_secret(channel.secret, channel.name, self.crew.equipment.keys.opener())


def again_after(tries: int) -> timedelta:
    """Return how long after it was made a notice is tried again: ever longer, at most a day."""
    return timedelta(minutes=min(2**tries, 24 * 60))


def _stored(standing: Standing) -> StoredState:
    return StoredState(
        *(standing.subject, standing.site_id, standing.device_id, standing.crossed),
        *(standing.raised, standing.number, standing.value, standing.about),
    )


def _notice(told: Told, channel: int) -> Notice:
    one = told.standing
    place = (told.rule.id, channel, one.subject, one.number, told.change.value, one.site_id)
    return Notice(*place, told.at, document_of(told))
