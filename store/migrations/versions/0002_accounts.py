"""Accounts: logins, sessions, one-time links, wrong sign-ins, identities of other servers.

Names are no longer unique: two people may have the same one, and logins tell them apart.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
AUTOINCREMENT = {"sqlite_autoincrement": True}


def _user(*, nullable: bool = False) -> sa.Column[int]:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    return sa.Column("user_id", BIG, owner, nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def _active() -> sa.Column[bool]:
    return sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())


def upgrade() -> None:
    with op.batch_alter_table("users", table_kwargs=AUTOINCREMENT) as users:
        users.add_column(_text("login", 320, nullable=True))
        users.add_column(_text("email", 320, nullable=True))
        users.add_column(_text("password_hash", 200, nullable=True))
        users.add_column(_active())
        users.add_column(_time("last_seen_at", nullable=True))
        users.drop_constraint("uq_users_name", type_="unique")
        users.create_unique_constraint("uq_users_login", ["login"])
    with op.batch_alter_table("users", table_kwargs=AUTOINCREMENT) as users:
        users.alter_column("active", existing_type=sa.Boolean(), server_default=None)
        users.create_index("ix_users_email", ["email"])
    _sessions()
    _links()
    op.create_table(
        "attempts",
        _text("key", 100),
        sa.Column("count", sa.Integer(), nullable=False),
        _time("since"),
        _time("until"),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )
    op.create_table(
        "identities",
        _text("issuer", 300),
        _text("subject", 300),
        _user(),
        _time("created_at"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        _text("token_hash", 64),
        _user(),
        _time("created_at"),
        _time("used_at"),
        _time("expires_at"),
        _text("address", 100),
        _text("agent", 300),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("public_id", name="uq_sessions_public_id"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        **AUTOINCREMENT,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def _links() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("id", BIG, nullable=False),
        _text("token_hash", 64),
        _text("kind", 20),
        _user(nullable=True),
        _text("made_by", 200),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_links"),
        sa.UniqueConstraint("token_hash", name="uq_one_time_links_token_hash"),
        sa.CheckConstraint("kind IN ('invite', 'reset', 'first')", name="kind"),
        sa.CheckConstraint("(user_id IS NULL) = (kind = 'first')", name="person"),
        **AUTOINCREMENT,
    )
    op.create_index("ix_one_time_links_user_id", "one_time_links", ["user_id"])


def downgrade() -> None:
    for table in ("identities", "attempts", "one_time_links", "sessions"):
        op.drop_table(table)
    with op.batch_alter_table("users", table_kwargs=AUTOINCREMENT) as users:
        users.drop_index("ix_users_email")
        users.drop_constraint("uq_users_login", type_="unique")
        for column in ("login", "email", "password_hash", "active", "last_seen_at"):
            users.drop_column(column)
        users.create_unique_constraint("uq_users_name", ["name"])
