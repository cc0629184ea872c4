"""Local polls alert rules and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "alert_channel",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("document", types.DOCUMENT, nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_channel_name")),
    )
    op.create_table(
        "alert_notice",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("rule_id", types.BIG_ID, nullable=False),
        sa.Column("channel_id", types.BIG_ID, nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("document", types.DOCUMENT, nullable=False),
        sa.Column("delivered", types.Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault", sa.String(length=300), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notice")),
        sa.UniqueConstraint(
            "rule_id",
            "channel_id",
            "subject",
            "number",
            "change",
            name=op.f("uq_alert_notice_rule_id"),
        ),
    )
    with op.batch_alter_table("alert_notice", schema=None) as batch_op:
        batch_op.create_index("ix_alert_notice_at", ["at"], unique=False)

    op.create_table(
        "alert_rule",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("document", types.DOCUMENT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rule")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_rule_name")),
    )
    op.create_table(
        "event_acknowledged",
        sa.Column("event_id", types.BIG_ID, autoincrement=False, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("note", sa.String(length=300), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_acknowledged")),
    )
    op.create_table(
        "made_report",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("wanted", types.DOCUMENT, nullable=False),
        sa.Column("sites", types.DOCUMENT, nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("asked", types.Moment(), nullable=False),
        sa.Column("made", types.Moment(), nullable=True),
        sa.Column("fault", sa.String(length=300), server_default="", nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_made_report")),
    )
    op.create_table(
        "alert_state",
        sa.Column("rule_id", types.BIG_ID, nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=True),
        sa.Column("crossed", types.Moment(), nullable=True),
        sa.Column("raised", types.Moment(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["alert_rule.id"],
            name=op.f("fk_alert_state_rule_id_alert_rule"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("rule_id", "subject", name=op.f("pk_alert_state")),
    )
    with op.batch_alter_table("alert_state", schema=None) as batch_op:
        batch_op.create_index("ix_alert_state_raised", ["raised"], unique=False)

    op.create_table(
        "local_poll",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("met", types.DOCUMENT, nullable=False),
        sa.Column("alarms", types.DOCUMENT, nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_local_poll_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("site_id", "address", name=op.f("pk_local_poll")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("local_poll")
    with op.batch_alter_table("alert_state", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_state_raised")

    op.drop_table("alert_state")
    op.drop_table("made_report")
    op.drop_table("event_acknowledged")
    op.drop_table("alert_rule")
    with op.batch_alter_table("alert_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_notice_at")

    op.drop_table("alert_notice")
    op.drop_table("alert_channel")
