"""One index that every filter is counted from, and narrow ones for the orders of the list."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COUNTED = ("site_id", "state", "status", "worst")
_FILTERED = (
    *("compliance", "coverage", "toner", "last_seen", "audited"),
    *("vendor", "model", "firmware"),
)
_NEW = {
    "facets": (*_COUNTED, *_FILTERED),
    "compliance": ("compliance",),
    "last_seen": ("last_seen",),
    "toner": ("toner",),
    "model": ("model", "site_id"),
    "name": ("name", "id"),
}
_OLD = {
    "facets": _COUNTED,
    **{name: (name, *_COUNTED) for name in ("compliance", "last_seen", "toner", "model")},
    "name": ("name",),
}


def upgrade() -> None:
    """Bring the tables forward."""
    for name, columns in _NEW.items():
        op.drop_index(f"ix_device_{name}", table_name="device")
        op.create_index(f"ix_device_{name}", "device", list(columns))
    op.create_index("ix_device_location", "device", ["location", "id"])


def downgrade() -> None:
    """Take the tables back."""
    op.drop_index("ix_device_location", table_name="device")
    for name, columns in _OLD.items():
        op.drop_index(f"ix_device_{name}", table_name="device")
        op.create_index(f"ix_device_{name}", "device", list(columns))
