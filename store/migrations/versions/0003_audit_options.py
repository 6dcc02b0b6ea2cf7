"""The audit, which can only grow; the workspace's options; what retention looks for by age."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
KEPT = "30 days"  # as `store.audit.KEPT_DAYS`

# SQLite runs no delete trigger when INSERT OR REPLACE takes a row's place, hence the third one.
FOR_SQLITE = (
    """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is not changed'); END""",
    f"""CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    WHEN old.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{KEPT}')
    BEGIN SELECT RAISE(ABORT, 'the audit is kept'); END""",
    """CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE id = new.id OR public_id = new.public_id)
    BEGIN SELECT RAISE(ABORT, 'the audit is not replaced'); END""",
)
FOR_POSTGRESQL = (
    f"""CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF old.at <= now() - interval '{KEPT}' THEN RETURN old; END IF;
        END IF;
        RAISE EXCEPTION 'the audit is kept' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_kept()""",
    """CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()""",
)


def upgrade() -> None:
    _audit()
    op.create_table(
        "options",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", BIG, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.PrimaryKeyConstraint("name", name="pk_options"),
    )
    op.create_index("ix_options_changed_by", "options", ["changed_by"])
    op.create_index("ix_conversations_age", "conversations", ["channel", "updated_at"])
    op.create_index("ix_traces_created_at", "traces", ["created_at"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("public_id", name="uq_audit_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_actor_id", "audit", ["actor_id", "id"])
    op.create_index("ix_audit_subject", "audit", ["subject", "id"])
    sqlite = op.get_context().dialect.name == "sqlite"
    for statement in FOR_SQLITE if sqlite else FOR_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_traces_created_at", "traces")
    op.drop_index("ix_conversations_age", "conversations")
    op.drop_table("options")
    op.drop_table("audit")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_kept()")
