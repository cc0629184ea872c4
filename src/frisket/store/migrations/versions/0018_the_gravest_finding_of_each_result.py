"""The gravest finding of each result."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column(
        "audit_result",
        sa.Column("worst", sa.String(length=10), server_default="", nullable=False),
    )
    # Known of the device only; where two baselines judge it, the next audit tells them apart.
    op.execute(
        "UPDATE audit_result SET worst ="
        " (SELECT worst FROM device WHERE device.id = audit_result.device_id)"
    )
    op.create_index(
        "ix_audit_result_worst", "audit_result", ["baseline", "compliance", "device_id"]
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_index("ix_audit_result_worst", table_name="audit_result")
    op.drop_column("audit_result", "worst")
