"""Codes from an authenticator (RFC 6238), each good once, and the codes kept for its loss."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import choice
from typing import Final

import pyotp
import segno
from sqlalchemy import delete, insert

from frisket.console.auth.sealed import Sealer
from frisket.store.accounts import Account, AccountStore
from frisket.store.database import Database
from frisket.store.onetime import digest
from frisket.store.tables.account import RECOVERY_CODE

_STEP: Final = 30
_RECOVERY: Final = 10
_LENGTH: Final = 24  # 118 bits: what is so long is kept safely as a plain digest
# No letter or digit that could be taken for another one.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Codes:
    """The second factor of accounts. Keys are sealed; recovery codes are stored as digests."""

    database: Database
    accounts: AccountStore
    sealer: Sealer

    def offer(self, account: Account) -> str:
        """Make a key for an account to set up; it counts once `accept` saw a code of it."""
        secret = pyotp.random_base32()
        sealed = self.sealer.seal(secret, f"totp:{account.id}")
        self.accounts.change(account.id, totp_offered=sealed)
        return secret

    def offered(self, account: Account) -> str:
        """Return the key that is being set up, a new one where there is none."""
        if not account.totp_offered:
            return self.offer(account)
        return self.sealer.open(account.totp_offered, f"totp:{account.id}")

    def accept(self, account: Account, code: str, now: datetime) -> tuple[str, ...]:
        """Turn the offered key on where the code fits; returns recovery codes, or nothing."""
        if not account.totp_offered or not self._fits(account, account.totp_offered, code, now):
            return ()
        self.accounts.change(account.id, totp=account.totp_offered, totp_offered="")
        return self._new_recovery(account)

    def drop(self, account: Account) -> None:
        """Turn the second factor off."""
        with self.database.write() as connection:
            gone = delete(RECOVERY_CODE).where(RECOVERY_CODE.c.account_id == account.id)
            connection.execute(gone)
        self.accounts.change(account.id, totp="", totp_offered="")

    def fits(self, account: Account, code: str, now: datetime) -> bool:
        """Say whether a code (or a recovery code) is right; it is used up then."""
        plain = "".join(c for c in code.lower() if c.isalnum())
        if plain.isdigit() and plain.isascii():
            return self._fits(account, account.totp, plain, now)
        with self.database.write() as connection:
            gone = connection.execute(
                delete(RECOVERY_CODE).where(
                    RECOVERY_CODE.c.digest == digest(plain),
                    RECOVERY_CODE.c.account_id == account.id,
                )
            )
            return gone.rowcount == 1

    def _fits(self, account: Account, sealed: str, code: str, now: datetime) -> bool:
        key = pyotp.TOTP(self.sealer.open(sealed, f"totp:{account.id}"))
        plain = "".join(c for c in code if c.isalnum())
        step = int(now.timestamp()) // _STEP
        # The step before is for clocks that go a little wrong; a later one comes in its time.
        for tried in (step, step - 1, step + 1):
            if pyotp.utils.strings_equal(plain, key.generate_otp(tried)):
                return self.accounts.use_totp_step(account.id, tried)
        return False

    def _new_recovery(self, account: Account) -> tuple[str, ...]:
        made = tuple("".join(choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_RECOVERY))
        rows = [{"digest": digest(code), "account_id": account.id} for code in made]
        with self.database.write() as connection:
            gone = delete(RECOVERY_CODE).where(RECOVERY_CODE.c.account_id == account.id)
            connection.execute(gone)
            connection.execute(insert(RECOVERY_CODE), rows)
        return tuple("-".join(code[i : i + 4] for i in range(0, _LENGTH, 4)) for code in made)


def setup_address(secret: str, name: str, host: str) -> str:
    """Return the address that an authenticator reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=f"Frisket {host}")


def picture(address: str) -> str:
    """Return a QR code as a data address for an image."""
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff"))
