"""The fleet and what audits found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "device_group",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("condition", types.DOCUMENT, nullable=False),
        sa.Column("made_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_group")),
        sa.UniqueConstraint("name", name=op.f("uq_device_group_name")),
    )
    op.create_table(
        "audit_score",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("consideration", sa.String(length=40), nullable=False),
        sa.Column("devices", sa.Integer(), server_default="0", nullable=False),
        sa.Column("passed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("disputed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unknown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("manual", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_applicable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waived", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_audit_score_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "baseline", "day", "consideration", name=op.f("pk_audit_score")
        ),
    )
    op.create_table(
        "accepted_state",
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("accepted_by", sa.String(length=100), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_accepted_state_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_accepted_state")),
    )
    op.create_table(
        "audit_change",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("consideration", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("now", sa.String(length=20), nullable=False),
        sa.Column("because", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_audit_change_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_change")),
    )
    with op.batch_alter_table("audit_change", schema=None) as batch_op:
        batch_op.create_index("ix_audit_change_device", ["device_id", "id"], unique=False)

    op.create_table(
        "audit_result",
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("compliance", sa.Float(), nullable=True),
        sa.Column("coverage", sa.Float(), nullable=True),
        sa.Column("verdicts", types.DOCUMENT, nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("readings", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_audit_result_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", "baseline", name=op.f("pk_audit_result")),
    )
    op.create_table(
        "device_address",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("first", types.Moment(), nullable=False),
        sa.Column("last", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_device_address_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_address")),
    )
    with op.batch_alter_table("device_address", schema=None) as batch_op:
        batch_op.create_index("ix_device_address_device", ["device_id"], unique=False)

    op.create_table(
        "device_alarm",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("cleared", types.Moment(), nullable=True),
        sa.Column("cleared_by", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_device_alarm_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_alarm")),
    )
    with op.batch_alter_table("device_alarm", schema=None) as batch_op:
        batch_op.create_index("ix_device_alarm_device", ["device_id", "cleared"], unique=False)

    op.create_table(
        "device_tag",
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_device_tag_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", "tag", name=op.f("pk_device_tag")),
    )
    with op.batch_alter_table("device_tag", schema=None) as batch_op:
        batch_op.create_index("ix_device_tag_tag", ["tag"], unique=False)

    op.create_table(
        "drift",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("now", sa.Text(), nullable=False),
        sa.Column("since", types.Moment(), nullable=False),
        sa.Column("seen", types.Moment(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("explained", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("flips", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled_by", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_drift_device_id_device"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
    )
    with op.batch_alter_table("drift", schema=None) as batch_op:
        batch_op.create_index("ix_drift_device", ["device_id", "state"], unique=False)
        batch_op.create_index("ix_drift_state", ["state", "seen"], unique=False)

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("status", sa.String(length=40), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("toner", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pages", types.BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("compliance", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("coverage", sa.Float(), nullable=True))
        batch_op.add_column(
            sa.Column("worst", sa.String(length=10), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("audited", types.Moment(), nullable=True))
        batch_op.add_column(sa.Column("polled", types.Moment(), nullable=True))
        batch_op.create_index("ix_device_compliance", ["compliance"], unique=False)
        batch_op.create_index("ix_device_engine", ["engine"], unique=False)
        batch_op.create_index("ix_device_mac", ["mac"], unique=False)
        batch_op.create_index("ix_device_model", ["model"], unique=False)
        batch_op.create_index("ix_device_tls", ["tls"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index("ix_device_tls")
        batch_op.drop_index("ix_device_model")
        batch_op.drop_index("ix_device_mac")
        batch_op.drop_index("ix_device_engine")
        batch_op.drop_index("ix_device_compliance")
        batch_op.drop_column("polled")
        batch_op.drop_column("audited")
        batch_op.drop_column("worst")
        batch_op.drop_column("coverage")
        batch_op.drop_column("compliance")
        batch_op.drop_column("pages")
        batch_op.drop_column("toner")
        batch_op.drop_column("status")

    with op.batch_alter_table("drift", schema=None) as batch_op:
        batch_op.drop_index("ix_drift_state")
        batch_op.drop_index("ix_drift_device")

    op.drop_table("drift")
    with op.batch_alter_table("device_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_device_tag_tag")

    op.drop_table("device_tag")
    with op.batch_alter_table("device_alarm", schema=None) as batch_op:
        batch_op.drop_index("ix_device_alarm_device")

    op.drop_table("device_alarm")
    with op.batch_alter_table("device_address", schema=None) as batch_op:
        batch_op.drop_index("ix_device_address_device")

    op.drop_table("device_address")
    op.drop_table("audit_result")
    with op.batch_alter_table("audit_change", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_change_device")

    op.drop_table("audit_change")
    op.drop_table("accepted_state")
    op.drop_table("audit_score")
    op.drop_table("device_group")
