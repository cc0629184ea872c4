"""Changes, and the logins that they need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "wrapping_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrapping_key")),
    )
    op.create_table(
        "device_login",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("ways", types.DOCUMENT, nullable=False),
        sa.Column("wrapped_for", sa.String(length=32), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed", types.Moment(), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["wrapped_for"],
            ["wrapping_key.id"],
            name=op.f("fk_device_login_wrapped_for_wrapping_key"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_login")),
        sa.UniqueConstraint("scope", name=op.f("uq_device_login_scope")),
    )
    op.create_table(
        "device_pin",
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("engine", sa.String(length=100), server_default="", nullable=False),
        sa.Column("serial", sa.String(length=100), server_default="", nullable=False),
        sa.Column("tls", sa.String(length=64), server_default="", nullable=False),
        sa.Column("uuid", sa.String(length=100), server_default="", nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_device_pin_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_pin")),
    )
    op.create_table(
        "fleet_change",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("source", types.DOCUMENT, nullable=False),
        sa.Column("condition", types.DOCUMENT, nullable=False),
        sa.Column("sites", types.DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("content", sa.String(length=32), server_default="", nullable=False),
        sa.Column("accepted", types.DOCUMENT, nullable=False),
        sa.Column("proposal_id", types.BIG_ID, nullable=True),
        sa.Column("forgiven", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("began", types.Moment(), nullable=True),
        sa.Column("ended", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_fleet_change_proposal_id_proposal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fleet_change")),
    )
    with op.batch_alter_table("fleet_change", schema=None) as batch_op:
        batch_op.create_index("ix_fleet_change_state", ["state", "id"], unique=False)

    op.create_table(
        "fleet_change_device",
        sa.Column("change_id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=200), server_default="", nullable=False),
        sa.Column("wave", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("settings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step", sa.String(length=20), server_default="waiting", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", sa.String(length=40), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("at", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["fleet_change.id"],
            name=op.f("fk_fleet_change_device_change_id_fleet_change"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_fleet_change_device_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "device_id", name=op.f("pk_fleet_change_device")),
    )
    with op.batch_alter_table("fleet_change_device", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fleet_change_device_device", ["device_id", "change_id"], unique=False
        )

    op.create_table(
        "fleet_change_record",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("change_id", types.BIG_ID, nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("undoing", sa.Boolean(), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("row", types.DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["fleet_change.id"],
            name=op.f("fk_fleet_change_record_change_id_fleet_change"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_fleet_change_record_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fleet_change_record")),
    )
    with op.batch_alter_table("fleet_change_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fleet_change_record_device", ["device_id", "change_id", "id"], unique=False
        )


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("fleet_change_record", schema=None) as batch_op:
        batch_op.drop_index("ix_fleet_change_record_device")

    op.drop_table("fleet_change_record")
    with op.batch_alter_table("fleet_change_device", schema=None) as batch_op:
        batch_op.drop_index("ix_fleet_change_device_device")

    op.drop_table("fleet_change_device")
    with op.batch_alter_table("fleet_change", schema=None) as batch_op:
        batch_op.drop_index("ix_fleet_change_state")

    op.drop_table("fleet_change")
    op.drop_table("device_pin")
    op.drop_table("device_login")
    op.drop_table("wrapping_key")
