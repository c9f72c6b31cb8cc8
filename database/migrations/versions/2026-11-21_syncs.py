"""Bulk resyncs: their runs, pages and findings; when a store is read, how fast, and how its webhooks are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "c2a5e80f7b91"
down_revision = "b83f06d1c4e7"
branch_labels = None
depends_on = None


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _moment(name: str, *, required: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()") if required else None,
        nullable=not required,
    )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _of_sync(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return (
        sa.Column("sync_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=f"fk_{table}_sync_id_syncs", ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("stores", sa.Column("schedule", JSONB(), comment="when it is read; null is the default"))
    op.add_column("stores", sa.Column("webhooks", JSONB(), comment="how its own webhooks were last seen"))
    op.create_table(
        "shop_budgets",
        sa.Column("store_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the shop may be asked again",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name="fk_shop_budgets_store_id_stores", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store_id", name="pk_shop_budgets"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "syncs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        _flag("dry_run"),
        _flag("allow_gone"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        _moment("started_at", required=True),
        sa.Column("shop_time", sa.DateTime(timezone=True), comment="the shop's own time when it began"),
        sa.Column(
            "modified_after", sa.DateTime(timezone=True), comment="what was asked for; null is everything"
        ),
        _moment("finished_at"),
        sa.Column("total", sa.BigInteger(), comment="how many products the shop says there are"),
        *(_count(name) for name in ("seen", "new", "changed", "unchanged", "gone", "failed")),
        *(_count(name) for name in ("embedded", "reused", "tokens_spent", "tokens_saved")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name="fk_syncs_store_id_stores", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_syncs"),
        sa.UniqueConstraint("run_id", name="uq_syncs_run_id"),
    )
    op.create_index("ix_syncs_store_newest", "syncs", ["store_id", "id"])
    op.create_table(
        "sync_pages",
        *_of_sync("sync_pages"),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("wanted", ARRAY(sa.Text()), server_default="{}", nullable=False),
        _moment("taken_at"),
        *(_count(name) for name in ("seen", "new", "changed", "unchanged", "gone", "failed")),
        *(_count(name) for name in ("embedded", "reused", "tokens_spent")),
        sa.PrimaryKeyConstraint("sync_id", "page", name="pk_sync_pages"),
    )
    op.create_table(
        "sync_manifest",
        *_of_sync("sync_manifest"),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sync_id", "external_id", name="pk_sync_manifest"),
    )
    op.create_table(
        "sync_findings",
        *_of_sync("sync_findings"),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        _moment("found_at", required=True),
        sa.PrimaryKeyConstraint("sync_id", "external_id", "kind", name="pk_sync_findings"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("sync_findings", "sync_manifest", "sync_pages", "syncs", "shop_budgets"):
        op.drop_table(table)
    op.drop_column("stores", "webhooks")
    op.drop_column("stores", "schedule")
