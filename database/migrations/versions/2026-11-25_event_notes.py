"""Notes on events: what was cut or left out.

Revision ID: 3c1f0e7a5b21
Revises: 22098ef66e45
"""

from alembic import op

revision = "3c1f0e7a5b21"
down_revision = "22098ef66e45"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE events ADD COLUMN notes text[]")
    op.execute("COMMENT ON COLUMN events.notes IS 'what was cut or left out; null takes no room'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE events DROP COLUMN notes")
