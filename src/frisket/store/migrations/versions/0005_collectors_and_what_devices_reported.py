"""Collectors and what devices reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "device_event",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("began", types.BIG_ID, nullable=False),
        sa.Column("ended", types.BIG_ID, nullable=True),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_event")),
    )
    with op.batch_alter_table("device_event", schema=None) as batch_op:
        batch_op.create_index("ix_device_event_began", ["began"], unique=False)
        batch_op.create_index("ix_device_event_device", ["device_id", "began"], unique=False)

    op.create_table(
        "latest",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen", types.BIG_ID, nullable=False),
        sa.Column("changed", types.BIG_ID, nullable=False),
        sa.Column("received", types.BIG_ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("events", sa.SmallInteger(), nullable=False),
        sa.Column("whole", sa.SmallInteger(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_latest")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "metric",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric")),
        sa.UniqueConstraint("name", name=op.f("uq_metric_name")),
    )
    op.create_table(
        "reading",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", types.BIG_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("skew", sa.Integer(), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "at", "number", name=op.f("pk_reading")),
        postgresql_partition_by="RANGE (at)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_day",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen", types.BIG_ID, nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "day", name=op.f("pk_reading_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "collector",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("enrolled", types.Moment(), nullable=False),
        sa.Column("certified_until", types.Moment(), nullable=False),
        sa.Column("seen", types.Moment(), nullable=True),
        sa.Column("skew", types.BIG_ID, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_collector_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collector")),
        sa.UniqueConstraint("name", name=op.f("uq_collector_name")),
    )
    with op.batch_alter_table("collector", schema=None) as batch_op:
        batch_op.create_index("ix_collector_site", ["site_id"], unique=False)

    op.create_table(
        "collector_orders",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", types.DOCUMENT, nullable=False),
        sa.Column("changed", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_collector_orders_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_collector_orders")),
    )
    op.create_table(
        "enrolment",
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.Column("used", types.Moment(), nullable=True),
        sa.Column("collector_id", types.BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["collector.id"], name=op.f("fk_enrolment_collector_id_collector")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_enrolment_site_id_site")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_enrolment")),
    )
    op.create_table(
        "reading_gap",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("collector_id", types.BIG_ID, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("began", types.BIG_ID, nullable=False),
        sa.Column("ended", types.BIG_ID, nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["collector.id"], name=op.f("fk_reading_gap_collector_id_collector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_gap")),
    )
    with op.batch_alter_table("reading_gap", schema=None) as batch_op:
        batch_op.create_index("ix_reading_gap_collector", ["collector_id", "began"], unique=False)
        batch_op.create_index("ix_reading_gap_device", ["device_id", "began"], unique=False)

    op.create_table(
        "refused_device",
        sa.Column("collector_id", types.BIG_ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["collector_id"],
            ["collector.id"],
            name=op.f("fk_refused_device_collector_id_collector"),
        ),
        sa.PrimaryKeyConstraint("collector_id", "day", "key", name=op.f("pk_refused_device")),
    )
    op.create_table(
        "reported_device",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("device_id", types.BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
            name=op.f("fk_reported_device_device_id_device"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_reported_device_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "key", name=op.f("pk_reported_device")),
    )
    with op.batch_alter_table("reported_device", schema=None) as batch_op:
        batch_op.create_index("ix_reported_device_device", ["device_id"], unique=False)

    op.create_table(
        "spool",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("collector_id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("acknowledged", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("tail", types.BIG_ID, server_default="0", nullable=False),
        sa.Column("seen", types.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["collector.id"], name=op.f("fk_spool_collector_id_collector")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spool")),
        sa.UniqueConstraint("collector_id", "name", name=op.f("uq_spool_collector_id")),
    )
    op.create_table(
        "held_batch",
        sa.Column("spool_id", types.BIG_ID, nullable=False),
        sa.Column("first", types.BIG_ID, nullable=False),
        sa.Column("sent", types.BIG_ID, nullable=False),
        sa.Column("received", types.BIG_ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["spool_id"], ["spool.id"], name=op.f("fk_held_batch_spool_id_spool")
        ),
        sa.PrimaryKeyConstraint("spool_id", "first", name=op.f("pk_held_batch")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("held_batch")
    op.drop_table("spool")
    with op.batch_alter_table("reported_device", schema=None) as batch_op:
        batch_op.drop_index("ix_reported_device_device")

    op.drop_table("reported_device")
    op.drop_table("refused_device")
    with op.batch_alter_table("reading_gap", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_gap_device")
        batch_op.drop_index("ix_reading_gap_collector")

    op.drop_table("reading_gap")
    op.drop_table("enrolment")
    op.drop_table("collector_orders")
    with op.batch_alter_table("collector", schema=None) as batch_op:
        batch_op.drop_index("ix_collector_site")

    op.drop_table("collector")
    op.drop_table("reading_day")
    op.drop_table("reading")
    op.drop_table("metric")
    op.drop_table("latest")
    with op.batch_alter_table("device_event", schema=None) as batch_op:
        batch_op.drop_index("ix_device_event_device")
        batch_op.drop_index("ix_device_event_began")

    op.drop_table("device_event")
