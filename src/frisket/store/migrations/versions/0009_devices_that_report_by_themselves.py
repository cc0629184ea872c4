"""Devices that report by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "erds_report",
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sequence", types.BIG_ID, autoincrement=False, nullable=False),
        sa.Column("received", types.Moment(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("serial", "key", "sequence", name=op.f("pk_erds_report")),
    )
    with op.batch_alter_table("erds_report", schema=None) as batch_op:
        batch_op.create_index("ix_erds_report_received", ["received"], unique=False)

    op.create_table(
        "erds_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("serial", sa.String(length=100), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.Column("used", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_erds_code_site_id_site")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erds_code")),
    )
    op.create_table(
        "erds_device",
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("last", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("registered", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_erds_device_site_id_site")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_erds_device")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("erds_device")
    op.drop_table("erds_code")
    with op.batch_alter_table("erds_report", schema=None) as batch_op:
        batch_op.drop_index("ix_erds_report_received")

    op.drop_table("erds_report")
