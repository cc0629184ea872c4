"""Sites and devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "site",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", types.DOCUMENT, nullable=False),
        sa.Column("zone", sa.String(length=64), server_default="UTC", nullable=False),
        sa.Column("limits", types.DOCUMENT, nullable=False),
        sa.Column("created", types.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_table(
        "device",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=100), server_default="", nullable=False),
        sa.Column("serial", sa.String(length=100), server_default="", nullable=False),
        sa.Column("mac", sa.String(length=20), server_default="", nullable=False),
        sa.Column("engine", sa.String(length=100), server_default="", nullable=False),
        sa.Column("tls", sa.String(length=64), server_default="", nullable=False),
        sa.Column("vendor", sa.String(length=100), server_default="", nullable=False),
        sa.Column("model", sa.String(length=200), server_default="", nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("location", sa.String(length=300), server_default="", nullable=False),
        sa.Column("firmware", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="new", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen", types.Moment(), nullable=False),
        sa.Column("last_seen", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_device_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("site_id", "key", name=op.f("uq_device_site_id")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_address", ["address"], unique=False)
        batch_op.create_index("ix_device_serial", ["serial"], unique=False)
        batch_op.create_index("ix_device_site_state", ["site_id", "state"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index("ix_device_site_state")
        batch_op.drop_index("ix_device_serial")
        batch_op.drop_index("ix_device_address")

    op.drop_table("device")
    op.drop_table("site")
