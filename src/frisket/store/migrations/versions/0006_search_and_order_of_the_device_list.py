"""Search and order of the device list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTED = ("site_id", "state", "status", "worst")
_FILTERED = ("compliance", "last_seen", "model", "toner")

# An index of three-letter pieces, kept by triggers: text anywhere in a mark is found at once.
_SQLITE = """
CREATE VIRTUAL TABLE device_search USING fts5
(search, content='device', content_rowid='id', tokenize='trigram');

CREATE TRIGGER device_search_inserted AFTER INSERT ON device BEGIN
INSERT INTO device_search(rowid, search) VALUES (new.id, new.search); END;

CREATE TRIGGER device_search_deleted AFTER DELETE ON device BEGIN
INSERT INTO device_search(device_search, rowid, search)
VALUES ('delete', old.id, old.search); END;

CREATE TRIGGER device_search_updated AFTER UPDATE OF search ON device
WHEN old.search IS NOT new.search BEGIN
INSERT INTO device_search(device_search, rowid, search)
VALUES ('delete', old.id, old.search);
INSERT INTO device_search(rowid, search) VALUES (new.id, new.search); END;
"""


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search", sa.Text(), server_default="", nullable=False))
        batch_op.drop_index("ix_device_compliance")
        batch_op.drop_index("ix_device_model")
        batch_op.create_index("ix_device_facets", list(_COUNTED))
        batch_op.create_index("ix_device_name", ["name"])
        for name in _FILTERED:
            batch_op.create_index(f"ix_device_{name}", [name, *_COUNTED])
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE.strip().split("\n\n"):
            op.execute(statement)
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX device_search_trgm ON device USING gin (search gin_trgm_ops)")


def downgrade() -> None:
    """Take the tables back."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("inserted", "deleted", "updated"):
            op.execute(f"DROP TRIGGER device_search_{name}")
        op.execute("DROP TABLE device_search")
    else:
        op.execute("DROP INDEX device_search_trgm")
    with op.batch_alter_table("device", schema=None) as batch_op:
        for name in ("facets", "name", *_FILTERED):
            batch_op.drop_index(f"ix_device_{name}")
        batch_op.create_index("ix_device_compliance", ["compliance"])
        batch_op.create_index("ix_device_model", ["model"])
        batch_op.drop_column("search")
