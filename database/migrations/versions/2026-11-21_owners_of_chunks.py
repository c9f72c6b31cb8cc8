"""A chunk goes with its product, which goes with its store and its owner: one foreign key is enough."""

from alembic import op

revision = "b91c3f57e6d0"
down_revision = "c4b81f6e02d7"
branch_labels = None
depends_on = None

OWNERS = {"user_id": "users", "store_id": "stores"}


def _name(column: str, table: str) -> str:
    return f"fk_tenant_knowledge_{column}_{table}"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column, table in OWNERS.items():
        op.drop_constraint(_name(column, table), "tenant_knowledge", type_="foreignkey")
        op.alter_column("tenant_knowledge", column, comment="its product's")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column, table in OWNERS.items():
        op.create_foreign_key(
            _name(column, table), "tenant_knowledge", table, [column], ["id"], ondelete="CASCADE"
        )
        op.alter_column("tenant_knowledge", column, comment=None, existing_comment="its product's")
