"""The network's word between waves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("fleet_change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("judged", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("fleet_change_device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen", types.DOCUMENT, nullable=True))
        batch_op.add_column(sa.Column("health", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("fleet_change_device", schema=None) as batch_op:
        batch_op.drop_column("health")
        batch_op.drop_column("seen")

    with op.batch_alter_table("fleet_change", schema=None) as batch_op:
        batch_op.drop_column("judged")
