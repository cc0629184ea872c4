"""Schedules of sites, and ports of labs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "site_schedule",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("document", types.DOCUMENT, nullable=False),
        sa.Column("last", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_site_schedule_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("site_id", "task", name=op.f("pk_site_schedule")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ports", types.DOCUMENT, server_default="{}", nullable=False))


def downgrade() -> None:
    """Take the tables back."""
    # By hand: copying the table, as SQLite's batch mode does, would lose the search's triggers.
    op.execute("ALTER TABLE device DROP COLUMN ports")
    op.drop_table("site_schedule")
