"""A chunk goes with its product, which goes with its store and its owner: one foreign key is enough."""

from alembic import op

revision = "b91c3f57e6d0"
down_revision = "7d25e0a9c4f8"
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
        name = _name(column, table)
        op.execute(
            f"ALTER TABLE tenant_knowledge ADD CONSTRAINT {name} FOREIGN KEY ({column})"
            f" REFERENCES {table} (id) ON DELETE CASCADE NOT VALID"
        )
        op.execute(f"ALTER TABLE tenant_knowledge VALIDATE CONSTRAINT {name}")
        op.alter_column("tenant_knowledge", column, comment=None, existing_comment="its product's")
