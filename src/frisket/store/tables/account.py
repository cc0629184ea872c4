"""Who may use the console: accounts, roles, keys, sessions, tokens, one-time links."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from frisket.store.metadata import METADATA
from frisket.store.types import BIG_ID, DOCUMENT, Moment

# `name` is lower case. `password` is an argon2 hash, empty where there is none. `totp` is sealed
# by the console's key. `elevated` is when roles were last added: who is new does not approve yet.
ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("shown", String(200), nullable=False, server_default=""),
    Column("mail", String(200), nullable=False, server_default=""),
    Column("password", String(300), nullable=False, server_default=""),
    Column("password_changed", Moment),
    Column("totp", Text, nullable=False, server_default=""),
    Column("totp_offered", Text, nullable=False, server_default=""),
    Column("totp_step", BIG_ID, nullable=False, server_default="0"),
    Column("issuer", String(300)),
    Column("subject", String(300)),
    Column("theme", String(10), nullable=False, server_default="auto"),
    Column("zone", String(64), nullable=False, server_default=""),
    Column("language", String(20), nullable=False, server_default=""),
    Column("shortcuts", Boolean, nullable=False, server_default=true()),
    Column("created", Moment, nullable=False),
    Column("elevated", Moment, nullable=False),
    Column("disabled", Moment),
    UniqueConstraint("issuer", "subject"),
)

# A grant without a site holds everywhere.
ROLE_GRANT = Table(
    "role_grant",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(30), nullable=False),
    Column("site_id", BIG_ID, ForeignKey("site.id", ondelete="CASCADE")),
    Column("granted", Moment, nullable=False),
    Column("granted_by", String(100), nullable=False),
    Index("ix_role_grant_account", "account_id"),
)

PASSKEY = Table(
    "passkey",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("credential", String(1400), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BIG_ID, nullable=False, server_default="0"),
    Column("name", String(100), nullable=False, server_default=""),
    Column("created", Moment, nullable=False),
    Column("used", Moment),
    Index("ix_passkey_account", "account_id"),
)

# `id` is the digest of what the browser keeps. `stage` is `second` while a code is still owed.
# `proved` is when the person last showed who they are: dangerous acts ask for it again.
CONSOLE_SESSION = Table(
    "console_session",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("stage", String(10), nullable=False, server_default="full"),
    Column("method", String(20), nullable=False, server_default=""),
    Column("created", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("proved", Moment, nullable=False),
    Column("address", String(100), nullable=False, server_default=""),
    Column("agent", String(300), nullable=False, server_default=""),
    Index("ix_console_session_account", "account_id"),
)

API_TOKEN = Table(
    "api_token",
    METADATA,
    Column("id", BIG_ID, primary_key=True),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", DOCUMENT, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("used", Moment),
    Index("ix_api_token_account", "account_id"),
)

# What works once: first-run links, invitations, passkey challenges, the state of an OIDC login.
ONE_TIME = Table(
    "one_time",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE")),
    Column("body", DOCUMENT, nullable=False),
    Column("expires", Moment, nullable=False),
)

RECOVERY_CODE = Table(
    "recovery_code",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("account_id", BIG_ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Index("ix_recovery_code_account", "account_id"),
)

# Failed logins by name and by address (digests): a restart forgives nothing.
LOGIN_FAILURE = Table(
    "login_failure",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", Moment, nullable=False),
)
