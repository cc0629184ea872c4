"""Who witnessed the audit log and where its heads go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "log_receiver",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("sent", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("delivered", types.Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("again", types.Moment(), nullable=True),
        sa.Column("fault", sa.String(length=300), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_receiver")),
        sa.UniqueConstraint("host", "port", name=op.f("uq_log_receiver_host")),
    )
    op.create_table(
        "log_cosignature",
        sa.Column("collector_id", types.BIG_ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("size", types.BIG_ID, nullable=False),
        sa.Column("at", types.BIG_ID, nullable=False),
        sa.Column("received", types.Moment(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collector_id"],
            ["collector.id"],
            name=op.f("fk_log_cosignature_collector_id_collector"),
        ),
        sa.PrimaryKeyConstraint("collector_id", "day", name=op.f("pk_log_cosignature")),
    )
    op.create_table(
        "log_dispute",
        sa.Column("collector_id", types.BIG_ID, nullable=False),
        sa.Column("size", types.BIG_ID, nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", types.Moment(), nullable=False),
        sa.Column("settled", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["collector.id"], name=op.f("fk_log_dispute_collector_id_collector")
        ),
        sa.PrimaryKeyConstraint("collector_id", "size", "why", name=op.f("pk_log_dispute")),
    )
    with op.batch_alter_table("log_checkpoint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("root", sa.String(length=64), nullable=True))

    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("site_id", types.BIG_ID, nullable=True))
        batch_op.create_index("ix_log_entry_site", ["site_id", "number"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_log_entry_site")
        batch_op.drop_column("site_id")

    with op.batch_alter_table("log_checkpoint", schema=None) as batch_op:
        batch_op.drop_column("root")

    op.drop_table("log_dispute")
    op.drop_table("log_cosignature")
    op.drop_table("log_receiver")
