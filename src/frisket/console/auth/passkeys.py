"""Passkeys (WebAuthn level 3): registered by a person logged in, then a login by themselves.

They prove possession and (by finger, face or PIN) the person, and hold for one origin only.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import webauthn
from sqlalchemy import delete, func, insert, select, update
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from frisket.console.auth.doors import LoginRefused
from frisket.console.settings import Settings
from frisket.errors import UsageError
from frisket.store.accounts import Account, AccountStore
from frisket.store.database import Database
from frisket.store.onetime import OneTime, keep, take
from frisket.store.tables.account import PASSKEY

_NEW: Final = "passkey-new"
_LOGIN: Final = "passkey-login"
_MOST: Final = 20  # passkeys of one account
_MALFORMED: Final = (KeyError, TypeError, ValueError, WebAuthnException)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created: datetime
    used: datetime | None


def passkeys_of(database: Database, account: int) -> tuple[Passkey, ...]:
    """Return an account's passkeys, the oldest first."""
    asked = select(PASSKEY).where(PASSKEY.c.account_id == account).order_by(PASSKEY.c.id)
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return tuple(Passkey(row.id, row.name, row.created, row.used) for row in rows)


def drop_passkey(database: Database, account: int, passkey: int) -> bool:
    """Forget a passkey of an account; says whether there was one."""
    gone = delete(PASSKEY).where(PASSKEY.c.id == passkey, PASSKEY.c.account_id == account)
    with database.write() as connection:
        return connection.execute(gone).rowcount == 1


def _challenge(credential: dict[str, Any]) -> str:
    """Return the challenge that a browser's answer names. Raises one of `_MALFORMED`."""
    text = credential["response"]["clientDataJSON"]
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    found = json.loads(raw)["challenge"]
    if not isinstance(found, str) or len(found) > 200:
        raise ValueError("no challenge")
    return found


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Registers passkeys and checks them, for one origin. Each challenge is good once."""

    database: Database
    accounts: AccountStore
    settings: Settings

    def offer(self, account: Account, now: datetime) -> dict[str, Any]:
        """Return what the browser needs to make a passkey."""
        with self.database.read() as connection:
            having = select(PASSKEY.c.credential).where(PASSKEY.c.account_id == account.id)
            present = list(connection.scalars(having))
        options = webauthn.generate_registration_options(
            rp_id=self.settings.host,
            rp_name="Frisket",
            user_id=f"frisket-{account.id}".encode(),
            user_name=account.name,
            user_display_name=account.shown or account.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one))
                for one in present
            ],
        )
        self._keep(options.challenge, OneTime(_NEW, account.id, {}), now)
        return dict(json.loads(webauthn.options_to_json(options)))

    def register(
        self, account: Account, credential: dict[str, Any], name: str, now: datetime
    ) -> None:
        """Keep a new passkey. Raises `UsageError` where the answer does not fit the offer."""
        try:
            challenge = self._take(credential, _NEW, now, account.id)
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self.settings.host,
                expected_origin=self.settings.origin,
                require_user_verification=True,
            )
        except _MALFORMED as fault:
            raise UsageError("this passkey was not accepted; try once more") from fault
        row = {
            "account_id": account.id,
            "credential": bytes_to_base64url(made.credential_id),
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "name": name.strip()[:100] or "Passkey",
            "created": now,
        }
        with self.database.write() as connection:
            mine = PASSKEY.c.account_id == account.id
            count = connection.scalar(select(func.count()).select_from(PASSKEY).where(mine))
            if (count or 0) >= _MOST:
                raise UsageError(f"an account has at most {_MOST} passkeys")
            connection.execute(insert(PASSKEY).values(row))

    def ask(self, now: datetime) -> dict[str, Any]:
        """Return what the browser needs to show a passkey: of whom is not said beforehand."""
        options = webauthn.generate_authentication_options(
            rp_id=self.settings.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        self._keep(options.challenge, OneTime(_LOGIN, None, {}), now)
        return dict(json.loads(webauthn.options_to_json(options)))

    def check(self, credential: dict[str, Any], now: datetime) -> Account:
        """Return whose passkey was shown. Raises `LoginRefused`."""
        try:
            challenge = self._take(credential, _LOGIN, now, None)
            with self.database.read() as connection:
                wanted = select(PASSKEY).where(PASSKEY.c.credential == str(credential["id"]))
                row = connection.execute(wanted).first()
            if row is None:
                raise LoginRefused
            shown = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self.settings.host,
                expected_origin=self.settings.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except _MALFORMED as fault:
            raise LoginRefused from fault
        account = self.accounts.by_id(row.account_id)
        if account is None or account.disabled is not None:
            raise LoginRefused
        used = update(PASSKEY).where(PASSKEY.c.id == row.id)
        with self.database.write() as connection:
            connection.execute(used.values(sign_count=shown.new_sign_count, used=now))
        return account

    def _keep(self, challenge: bytes, what: OneTime, now: datetime) -> None:
        expires = now + self.settings.challenge
        with self.database.write() as connection:
            keep(connection, bytes_to_base64url(challenge), what, expires, now)

    def _take(
        self, credential: dict[str, Any], purpose: str, now: datetime, account: int | None
    ) -> str:
        """Return the challenge that was answered. Raises `ValueError` for one that is over."""
        challenge = _challenge(credential)
        with self.database.write() as connection:
            found = take(connection, challenge, purpose, now)
        if found is None or found.account != account:
            raise ValueError("this challenge was not asked, or is over")
        return challenge
