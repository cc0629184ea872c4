"""Parts of big reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "made_report_part",
        sa.Column("report_id", types.BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["made_report.id"],
            name=op.f("fk_made_report_part_report_id_made_report"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("report_id", "place", name=op.f("pk_made_report_part")),
    )
    with op.batch_alter_table("made_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("size", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("made_report_part")
    with op.batch_alter_table("made_report", schema=None) as batch_op:
        batch_op.drop_column("size")
