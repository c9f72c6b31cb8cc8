"""Compare vectors in the condition of a trigger as text, so that a dump of it can be restored.

`pg_restore` creates triggers with an empty search path, and IS DISTINCT FROM names no schema of its operator.
The operator of halfvec is not found then; the one of text is in `pg_catalog`.

Revision ID: c4d8e2a7f931
Revises: 7f2b9c4e6a13
"""

from alembic import op

revision = "c4d8e2a7f931"
down_revision = "7f2b9c4e6a13"
branch_labels = None
depends_on = None

_TRIGGER = """
    CREATE OR REPLACE TRIGGER keep_compact_vectors_updated AFTER UPDATE ON tenant_knowledge
    FOR EACH ROW WHEN (OLD.is_live <> NEW.is_live OR NEW.is_live AND {differs})
    EXECUTE FUNCTION keep_compact_vectors()
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    differs = "CAST(OLD.embedding AS text) IS DISTINCT FROM CAST(NEW.embedding AS text)"
    op.execute(_TRIGGER.format(differs=differs))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_TRIGGER.format(differs="OLD.embedding IS DISTINCT FROM NEW.embedding"))
