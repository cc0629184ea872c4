"""What people say and what they wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frisket.store import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "own_text",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("approved_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("approved", types.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", "version", name=op.f("pk_own_text")),
    )
    op.create_table(
        "questionnaire",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=True),
        sa.Column("questions", types.DOCUMENT, nullable=False),
        sa.Column("answers", types.DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("expires", types.Moment(), nullable=False),
        sa.Column("answered_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("answered", types.Moment(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("decided", types.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_questionnaire_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire")),
    )
    with op.batch_alter_table("questionnaire", schema=None) as batch_op:
        batch_op.create_index("ix_questionnaire_state", ["state", "id"], unique=False)

    op.create_table(
        "waiver",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("rule", sa.String(length=100), server_default="", nullable=False),
        sa.Column("consideration", sa.String(length=40), server_default="", nullable=False),
        sa.Column("scope", types.DOCUMENT, nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=True),
        sa.Column("owner", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=False),
        sa.Column("approved", types.Moment(), nullable=False),
        sa.Column("ended", types.Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_waiver_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.create_index("ix_waiver_ended", ["ended", "expires"], unique=False)

    op.create_table(
        "attestation",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=100), server_default="", nullable=False),
        sa.Column("consideration", sa.String(length=40), server_default="", nullable=False),
        sa.Column("answer", types.DOCUMENT, nullable=False),
        sa.Column("scope", types.DOCUMENT, nullable=False),
        sa.Column("site_id", types.BIG_ID, nullable=True),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("looked", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made", types.Moment(), nullable=False),
        sa.Column("questionnaire_id", types.BIG_ID, nullable=True),
        sa.Column("ended", types.Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["questionnaire.id"],
            name=op.f("fk_attestation_questionnaire_id_questionnaire"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_attestation_site_id_site"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
    )
    with op.batch_alter_table("attestation", schema=None) as batch_op:
        batch_op.create_index("ix_attestation_ended", ["ended", "expires"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", types.BIG_ID, nullable=False),
        sa.Column("attestation_id", types.BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"],
            ["attestation.id"],
            name=op.f("fk_evidence_attestation_id_attestation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index("ix_evidence_attestation", ["attestation_id"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index("ix_evidence_attestation")

    op.drop_table("evidence")
    with op.batch_alter_table("attestation", schema=None) as batch_op:
        batch_op.drop_index("ix_attestation_ended")

    op.drop_table("attestation")
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_index("ix_waiver_ended")

    op.drop_table("waiver")
    with op.batch_alter_table("questionnaire", schema=None) as batch_op:
        batch_op.drop_index("ix_questionnaire_state")

    op.drop_table("questionnaire")
    op.drop_table("own_text")
