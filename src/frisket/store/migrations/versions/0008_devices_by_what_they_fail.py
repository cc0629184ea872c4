"""Devices by what they fail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "audit_failing",
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("consideration", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_audit_failing_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "device_id", "baseline", "consideration", "rule", name=op.f("pk_audit_failing")
        ),
    )
    with op.batch_alter_table("audit_failing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_failing_rule", ["baseline", "consideration", "rule"], unique=False
        )


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("audit_failing", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_failing_rule")

    op.drop_table("audit_failing")
