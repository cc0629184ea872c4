"""Accounts, their sessions and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "account",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("shown", sa.String(length=200), server_default="", nullable=False),
        sa.Column("mail", sa.String(length=200), server_default="", nullable=False),
        sa.Column("password", sa.String(length=300), server_default="", nullable=False),
        sa.Column("password_changed", types.Moment(), nullable=True),
        sa.Column("totp", sa.Text(), server_default="", nullable=False),
        sa.Column("totp_offered", sa.Text(), server_default="", nullable=False),
        sa.Column("totp_step", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("theme", sa.String(length=10), server_default="auto", nullable=False),
        sa.Column("zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=20), server_default="", nullable=False),
        sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created", types.Moment(), nullable=False),
        sa.Column("elevated", types.Moment(), nullable=False),
        sa.Column("disabled", types.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_issuer")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", types.BIG_ID, autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "log_entry",
        sa.Column("number", types.BIG_ID, autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_entry")),
    )
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.create_index("ix_log_entry_about", ["about"], unique=False)
        batch_op.create_index("ix_log_entry_action", ["action"], unique=False)
        batch_op.create_index("ix_log_entry_actor", ["actor"], unique=False)
        batch_op.create_index("ix_log_entry_at", ["at"], unique=False)

    op.create_table(
        "login_failure",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", types.DOCUMENT, nullable=False),
        sa.Column("created", types.Moment(), nullable=False),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.Column("used", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_api_token_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index("ix_api_token_account", ["account_id"], unique=False)

    op.create_table(
        "console_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=False),
        sa.Column("stage", sa.String(length=10), server_default="full", nullable=False),
        sa.Column("method", sa.String(length=20), server_default="", nullable=False),
        sa.Column("created", types.Moment(), nullable=False),
        sa.Column("seen", types.Moment(), nullable=False),
        sa.Column("proved", types.Moment(), nullable=False),
        sa.Column("address", sa.String(length=100), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_console_session_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
    )
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.create_index("ix_console_session_account", ["account_id"], unique=False)

    op.create_table(
        "one_time",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=True),
        sa.Column("body", types.DOCUMENT, nullable=False),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_one_time_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_one_time")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=False),
        sa.Column("credential", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("created", types.Moment(), nullable=False),
        sa.Column("used", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_passkey_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkey_credential")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index("ix_passkey_account", ["account_id"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("body", types.DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proposer_id", types.BIG_ID, nullable=False),
        sa.Column("proposed", types.Moment(), nullable=False),
        sa.Column("decider_id", types.BIG_ID, nullable=True),
        sa.Column("decided", types.Moment(), nullable=True),
        sa.Column("ready", types.Moment(), nullable=True),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.Column("reason", sa.String(length=1000), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["account.id"], name=op.f("fk_proposal_decider_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["account.id"], name=op.f("fk_proposal_proposer_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index("ix_proposal_state", ["state", "expires"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_recovery_code_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_code_account", ["account_id"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("account_id", types.BIG_ID, nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=True),
        sa.Column("granted", types.Moment(), nullable=False),
        sa.Column("granted_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_role_grant_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_role_grant_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index("ix_role_grant_account", ["account_id"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index("ix_role_grant_account")

    op.drop_table("role_grant")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index("ix_recovery_code_account")

    op.drop_table("recovery_code")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index("ix_proposal_state")

    op.drop_table("proposal")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index("ix_passkey_account")

    op.drop_table("passkey")
    op.drop_table("one_time")
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.drop_index("ix_console_session_account")

    op.drop_table("console_session")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index("ix_api_token_account")

    op.drop_table("api_token")
    op.drop_table("login_failure")
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_log_entry_at")
        batch_op.drop_index("ix_log_entry_actor")
        batch_op.drop_index("ix_log_entry_action")
        batch_op.drop_index("ix_log_entry_about")

    op.drop_table("log_entry")
    op.drop_table("log_checkpoint")
    op.drop_table("account")
