"""Products remember how the list shows them; pages of a sync what they named, and a sync what none did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "5e7a90c3d214"
down_revision = "9d41c7e0a5f3"
branch_labels = None
depends_on = None


def _of_sync(table: str, *others: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("sync_id", sa.BigInteger(), nullable=False),
        *others,
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=f"fk_{table}_sync_id_syncs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sync_id", *(column.name for column in others), name=f"pk_{table}"),
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "products",
        sa.Column(
            "listed_hash",
            sa.Text(),
            nullable=True,
            comment="of the entry in the shop's list it was found equal to",
        ),
    )
    op.add_column(
        "sync_pages",
        sa.Column(
            "external_ids", ARRAY(sa.Text()), server_default="{}", nullable=False, comment="all it named"
        ),
    )
    op.add_column(
        "syncs",
        sa.Column("saw_all", sa.Boolean(), nullable=True, comment="pages named as many as there are"),
    )
    op.drop_table("sync_manifest")
    _of_sync("sync_absent", sa.Column("product_id", sa.BigInteger(), nullable=False))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("sync_absent")
    _of_sync("sync_manifest", sa.Column("external_id", sa.Text(), nullable=False))
    op.drop_column("syncs", "saw_all")
    op.drop_column("sync_pages", "external_ids")
    op.drop_column("products", "listed_hash")
