"""Login at an identity provider: OpenID Connect, code flow with PKCE, state bound to the browser.

OpenID Connect Core 1.0 section 3.1; RFC 7636; RFC 9207 (`iss` in the answer, where it is sent).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, Final

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from frisket.console.auth.doors import LoginRefused
from frisket.console.auth.providers import Provider
from frisket.console.settings import Settings
from frisket.errors import LinkError
from frisket.fleet.chain import Act
from frisket.fleet.log import AuditLog
from frisket.fleet.roles import Grant, Role, elevates
from frisket.net.fetch import fetch_document
from frisket.store.accounts import (
    Account,
    Fresh,
    GrantRow,
    add_account,
    put_grants,
    read_account,
)
from frisket.store.database import Database
from frisket.store.onetime import OneTime, digest, keep, take
from frisket.store.tables.account import ACCOUNT

_PURPOSE: Final = "oidc"
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
_LEEWAY: Final = 60  # seconds that two clocks may differ


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps meanwhile."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Came:
    """Who came back, where to, by how much, and when they last showed who they are."""

    account: Account
    after: str
    strong: bool
    proved: datetime


@dataclass(frozen=True, slots=True)
class Oidc:
    """Logins at providers, for one console."""

    database: Database
    log: AuditLog
    settings: Settings

    def _back(self, provider: Provider) -> str:
        return f"{self.settings.origin}/login/back/{provider.name}"

    def _discovered(self, provider: Provider) -> dict[str, Any]:
        base = provider.issuer.rstrip("/")
        found = fetch_document(f"{base}/.well-known/openid-configuration")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != provider.issuer:
            raise LinkError(f"{provider.label} says that it is another issuer")
        if not all(isinstance(found.get(name), str) for name in wanted):
            raise LinkError(f"{provider.label} does not say where it is asked")
        return found

    def begin(self, provider: Provider, after: str, now: datetime, *, again: bool = False) -> Begun:
        """Start a login; `again` lets the provider ask anew. Raises `LinkError`."""
        found = self._discovered(provider)
        state, nonce, cookie = (token_urlsafe(24) for _ in range(3))
        verifier = token_urlsafe(48)
        body = {
            "provider": provider.name,
            "nonce": nonce,
            "verifier": verifier,
            "after": after,
            "browser": digest(cookie),
            "again": again,
        }
        with self.database.write() as connection:
            expires = now + self.settings.challenge
            keep(connection, state, OneTime(_PURPOSE, None, body), expires, now)
        address = prepare_grant_uri(
            found["authorization_endpoint"],
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=self._back(provider),
            scope="openid profile email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **({"prompt": "login", "max_age": "0"} if again else {}),
        )
        return Begun(str(address), cookie)

    def finish(
        self, provider: Provider, sent: Mapping[str, str], cookie: str, now: datetime
    ) -> Came:
        """Return who came back, and where they wanted to go. Raises `LoginRefused`, `LinkError`."""
        with self.database.write() as connection:
            kept = take(connection, sent.get("state", ""), _PURPOSE, now)
        if kept is None or kept.body["provider"] != provider.name:
            raise LoginRefused("this login was not begun here, or took too long")
        if not hmac.compare_digest(kept.body["browser"], digest(cookie)):
            raise LoginRefused("this login was begun in another browser")
        if sent.get("iss", provider.issuer) != provider.issuer or not sent.get("code"):
            raise LoginRefused(f"{provider.label} did not let you in")
        found = self._discovered(provider)
        form = {
            "grant_type": "authorization_code",
            "code": sent["code"],
            "redirect_uri": self._back(provider),
            "client_id": provider.client_id,
            "code_verifier": kept.body["verifier"],
        }
        login = (provider.client_id, provider.secret) if provider.secret else None
        answer = fetch_document(found["token_endpoint"], form=form, login=login)
        keys = fetch_document(found["jwks_uri"])
        claims = self._claims(provider, answer.get("id_token"), keys, kept.body["nonce"], now)
        proved = self._proved(claims, now, again=bool(kept.body.get("again")))
        account = self._account(provider, claims, now)
        return Came(account, str(kept.body["after"]), provider.is_strong(claims), proved)

    def _proved(self, claims: Mapping[str, Any], now: datetime, *, again: bool) -> datetime:
        """Return when the person last logged in at the provider, long ago where it is not said.

        Raises `LoginRefused` where the provider was told to ask anew and did not.
        """
        told = claims.get("auth_time")
        proved = now - self.settings.longest
        if isinstance(told, int) and 0 <= told <= now.timestamp() + _LEEWAY:
            proved = min(now, datetime.fromtimestamp(told, now.tzinfo))
        if again and now - proved > self.settings.challenge:
            raise LoginRefused("the provider did not ask who you are once more")
        return proved

    def _claims(
        self, provider: Provider, token: object, keys: dict[str, Any], nonce: str, now: datetime
    ) -> dict[str, Any]:
        """Return what the identity token says, checked. Raises `LoginRefused`."""
        try:
            keyset = KeySet.import_key_set(keys)  # type: ignore[arg-type]
            claims = jwt.decode(str(token), keyset, algorithms=_ALGORITHMS).claims
            registry = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=_LEEWAY,
                iss={"essential": True, "value": provider.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": provider.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise LoginRefused(f"{provider.label} sent a token that does not hold") from fault
        party = claims.get("azp", provider.client_id)
        if party != provider.client_id or not isinstance(claims["sub"], str):
            raise LoginRefused(f"{provider.label} sent a token for somebody else")
        return dict(claims)

    def _account(self, provider: Provider, claims: dict[str, Any], now: datetime) -> Account:
        """Return the person's account, with the roles of their groups. Raises `LoginRefused`."""
        groups = claims.get(provider.groups, [])
        listed = groups if isinstance(groups, list) else []
        grants = tuple(Grant(role) for group, role in provider.roles.items() if group in listed)
        subject = str(claims["sub"])[:300]
        mine = (ACCOUNT.c.issuer == provider.issuer) & (ACCOUNT.c.subject == subject)
        with self.database.write() as connection:
            account = read_account(connection, mine)
            if account is not None and account.disabled is not None:
                raise LoginRefused
            if account is None and not grants:
                raise LoginRefused("none of your groups has a role here")
            rows = [GrantRow(grant.role.value, None) for grant in grants]
            if account is None:
                name = _name(claims, subject)
                fresh = Fresh(
                    name, str(claims.get("name", ""))[:200], "", "", provider.issuer, subject
                )
                add_account(connection, fresh, rows, provider.name, now)
                self.log.record_within(
                    connection, Act(name, "account.new", name, "done", _said(grants))
                )
            elif set(account.grants) != set(rows):
                known = set(Role)
                before = [Grant(Role(g.role), g.site) for g in account.grants if g.role in known]
                put_grants(connection, account.id, rows, provider.name, now)
                if elevates(before, grants):
                    later = ACCOUNT.update().where(ACCOUNT.c.id == account.id)
                    connection.execute(later.values(elevated=now))
                act = Act(account.name, "account.roles", account.name, "done", _said(grants))
                self.log.record_within(connection, act)
            found = read_account(connection, mine)
        if found is None:
            raise LoginRefused
        return found


def _said(grants: tuple[Grant, ...]) -> dict[str, Any]:
    return {"roles": [grant.role.value for grant in grants], "by": "groups"}


def _name(claims: Mapping[str, Any], subject: str) -> str:
    """Return a name to log in under: the provider's, made such that no local account has it."""
    wish = claims.get("preferred_username") or claims.get("email") or subject
    plain = "".join(c for c in str(wish) if c.isalnum() or c in "._-@+")[:80]
    return f"{plain or 'person'}+oidc"
