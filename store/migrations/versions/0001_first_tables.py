"""First tables: people, conversations, messages, traces, prompts, releases, search."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

# Every word of a row after its block, then every word after its volume.
TOKENS = "replace({0}words, ' ', ' ' || {0}near) || replace({0}words, ' ', ' ' || {0}far)"
TSVECTOR = f"(array_to_tsvector(string_to_array(ltrim({TOKENS.format('')}), ' ')))"
FTS5 = (
    "CREATE VIRTUAL TABLE {kind}_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    "tokenize=\"ascii tokenchars '_'\")"
)
LEARN = "INSERT INTO {kind}_index (rowid, tokens) VALUES (new.id, {new});"
FORGET = "INSERT INTO {kind}_index ({kind}_index, rowid, tokens) VALUES ('delete', old.id, {old});"


def _id() -> sa.Column[int]:
    return sa.Column("id", BIG, nullable=False)


def _ref(name: str, target: str, *, nullable: bool = False, cascade: bool = True) -> sa.Column[int]:
    on_delete = "CASCADE" if cascade else None
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def upgrade() -> None:
    _people()
    _conversations()
    _messages()
    _traces()
    _prompts()
    _search()


def _people() -> None:
    op.create_table(
        "users",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        _text("name", 200),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("public_id", name="uq_users_public_id"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_roles",
        _ref("user_id", "users.id"),
        _text("role", 40),
        sa.PrimaryKeyConstraint("user_id", "role", name="pk_user_roles"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        _ref("user_id", "users.id"),
        _text("key", 200, nullable=True),
        _text("channel", 20),
        _text("title"),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        _text("prompt", 200),
        sa.Column("release_id", BIG),
        _text("version", 64, nullable=True),
        _text("model", 200),
        sa.Column("head_id", BIG),
        sa.Column("next_sequence", sa.Integer(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        _time("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("public_id", name="uq_conversations_public_id"),
        sa.UniqueConstraint("user_id", "key", name="uq_conversations_user_id"),
        sa.CheckConstraint("channel IN ('chat', 'desk', 'api')", name="channel"),
        sqlite_autoincrement=True,
    )
    _partial("ix_conversations_list", "conversations",
             ["user_id", "pinned", "updated_at", "id"], "deleted_at IS NULL")  # fmt: skip
    _partial("ix_conversations_deleted", "conversations", ["deleted_at"], "deleted_at IS NOT NULL")


def _messages() -> None:
    statuses = "'complete', 'streaming', 'stopped', 'failed', 'interrupted', 'truncated'"
    op.create_table(
        "messages",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        _ref("conversation_id", "conversations.id"),
        _ref("parent_id", "messages.id", nullable=True, cascade=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        _text("role", 20),
        _text("status", 20),
        _text("turn_key", 200, nullable=True),
        _time("created_at"),
        _time("finished_at", nullable=True),
        _text("error", nullable=True),
        _text("content"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("public_id", name="uq_messages_public_id"),
        sa.UniqueConstraint("conversation_id", "sequence", name="uq_messages_conversation_id"),
        sa.UniqueConstraint("conversation_id", "turn_key", "role", name="uq_messages_turn_key"),
        sa.CheckConstraint("role IN ('system', 'user', 'assistant')", name="role"),
        sa.CheckConstraint(f"status IN ({statuses})", name="status"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_parent", "messages", ["parent_id", "sequence"])
    _partial("ix_messages_roots", "messages", ["conversation_id"], "parent_id IS NULL")
    _partial("ix_messages_streaming", "messages", ["id"], "status = 'streaming'")


def _traces() -> None:
    op.create_table(
        "traces",
        _ref("message_id", "messages.id"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _text("prompt", 200),
        _text("version", 64, nullable=True),
        sa.Column("release_id", BIG),
        _text("model", 200),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        _text("rendered_hash", 64),
        sa.Column("history_ids", sa.JSON(), nullable=False),
        sa.Column("passages", sa.JSON(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("reply_tokens", sa.Integer()),
        sa.Column("first_token_s", sa.Double()),
        sa.Column("total_s", sa.Double()),
        _text("error", nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("message_id", "attempt", name="pk_traces"),
    )
    op.create_table(
        "feedback",
        _ref("message_id", "messages.id"),
        _ref("user_id", "users.id"),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        _text("better", nullable=True),
        _time("updated_at"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="pk_feedback"),
        sa.CheckConstraint("rating IN (-1, 1)", name="rating"),
    )
    op.create_index("ix_feedback_user_id", "feedback", ["user_id"])


def _prompts() -> None:
    op.create_table(
        "prompts",
        _text("name", 200),
        _text("kind", 20),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_prompts"),
    )
    op.create_table(
        "prompt_versions",
        _id(),
        _text("sha", 64),
        sa.Column("prompt", sa.String(200), sa.ForeignKey("prompts.name"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _text("kind", 20),
        _text("source"),
        sa.Column("partials", sa.JSON(), nullable=False),
        sa.Column("examples", sa.JSON()),
        _text("author", 200),
        _text("note"),
        _text("parent", 64, nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_prompt_versions"),
        sa.UniqueConstraint("sha", name="uq_prompt_versions_sha"),
        sa.UniqueConstraint("prompt", "seq", name="uq_prompt_versions_prompt"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "releases",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("prompt", sa.String(200), sa.ForeignKey("prompts.name"), nullable=False),
        _text("environment", 20),
        sa.Column("weights", sa.JSON(), nullable=False),
        _text("actor", 200),
        _text("reason"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("public_id", name="uq_releases_public_id"),
        sa.CheckConstraint("environment IN ('staging', 'production')", name="environment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_releases_current", "releases", ["prompt", "environment", "id"])


def _search() -> None:
    op.create_table(
        "search_counters",
        _ref("user_id", "users.id"),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("titles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_search_counters"),
    )
    for kind, table in (("message", "messages"), ("title", "conversations")):
        op.create_table(
            f"{kind}_words",
            _ref("id", f"{table}.id"),
            _text("near", 40),
            _text("far", 40),
            _text("words"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{kind}_words"),
        )
        if op.get_context().dialect.name == "sqlite":
            _index_for_sqlite(kind)
        else:
            op.execute(f"CREATE INDEX ix_{kind}_words ON {kind}_words USING gin ({TSVECTOR})")


def _index_for_sqlite(kind: str) -> None:
    """FTS5 keeps the index alone; the words that it needs to forget a row are in the row."""
    op.execute(FTS5.format(kind=kind))
    for event, work in (("INSERT", LEARN), ("DELETE", FORGET), ("UPDATE", FORGET + LEARN)):
        name = f"{kind}_words_{event.lower()}"
        done = work.format(kind=kind, new=TOKENS.format("new."), old=TOKENS.format("old."))
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {kind}_words BEGIN {done} END")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for kind in ("message", "title"):
        if op.get_context().dialect.name == "sqlite":
            op.execute(f"DROP TABLE {kind}_index")
        op.drop_table(f"{kind}_words")
    for table in (
        "search_counters",
        "releases",
        "prompt_versions",
        "prompts",
        "feedback",
        "traces",
        "messages",
        "conversations",
        "user_roles",
        "users",
    ):
        op.drop_table(table)
