"""Sums by rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "audit_rule_score",
        sa.Column("site_id", types.BIG_ID, nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("consideration", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("failing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
            name=op.f("fk_audit_rule_score_site_id_site"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "baseline", "consideration", "rule", name=op.f("pk_audit_rule_score")
        ),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("audit_rule_score")
