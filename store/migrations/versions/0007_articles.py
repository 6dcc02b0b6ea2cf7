"""Knowledge: articles and their versions, passages, words and vectors that they are found by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

TSVECTOR = "(array_to_tsvector(string_to_array(words, ' ')))"
FTS5 = (
    "CREATE VIRTUAL TABLE passage_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    'tokenize="ascii")'
)
LEARN = "INSERT INTO passage_index (rowid, tokens) VALUES (new.id, new.words);"
FORGET = (
    "INSERT INTO passage_index (passage_index, rowid, tokens) VALUES ('delete', old.id, old.words);"
)


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _ref(name: str, target: str, *, on_delete: str = "CASCADE") -> sa.Column[int]:
    nullable = on_delete == "SET NULL"
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "knowledge_changes",
        _column("id", BIG),
        _column("number", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_changes"),
    )
    _articles()
    _passages()
    _found_by()
    _uses()


def _articles() -> None:
    op.create_table(
        "articles",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("source", sa.String(500)),
        _column("title", sa.Text()),
        _column("visibility", sa.String(20)),
        _column("language", sa.String(20)),
        _column("tags", sa.Text()),
        _column("owner", sa.String(200)),
        _column("valid_from", sa.Date(), nullable=True),
        _column("valid_until", sa.Date(), nullable=True),
        _column("version", sa.Integer()),
        _column("sha", sa.String(64)),
        _column("passages", sa.Integer()),
        _column("change", BIG),
        _column("created_at", TIME),
        _column("changed_at", TIME),
        _ref("changed_by", "users.id", on_delete="SET NULL"),
        _column("deleted_at", TIME, nullable=True),
        _column("folded", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
        sa.UniqueConstraint("public_id", name="uq_articles_public_id"),
        sa.CheckConstraint("visibility IN ('public', 'internal')", name="visibility"),
        sqlite_autoincrement=True,
    )
    live, deleted = (
        sa.text("source <> '' AND deleted_at IS NULL"),
        sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index("uq_articles_source", "articles", ["source"], unique=True,
                    sqlite_where=live, postgresql_where=live)  # fmt: skip
    op.create_index("ix_articles_change", "articles", ["change"])
    op.create_index("ix_articles_changed_at", "articles", ["changed_at", "id"])
    op.create_index("ix_articles_changed_by", "articles", ["changed_by"])
    op.create_index("ix_articles_deleted", "articles", ["deleted_at"],
                    sqlite_where=deleted, postgresql_where=deleted)  # fmt: skip
    op.create_table(
        "article_versions",
        _column("id", BIG),
        _ref("article_id", "articles.id"),
        _column("number", sa.Integer()),
        _column("content", sa.JSON()),
        _ref("author_id", "users.id", on_delete="SET NULL"),
        _column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_article_versions"),
        sa.UniqueConstraint("article_id", "number", name="uq_article_versions_article_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_versions_author_id", "article_versions", ["author_id"])


def _passages() -> None:
    op.create_table(
        "passages",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("article_id", "articles.id"),
        _column("number", sa.Integer()),
        _column("start", sa.Integer()),
        _column("tokens", sa.Integer()),
        _column("heading", sa.Text()),
        _column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
        sa.UniqueConstraint("public_id", name="uq_passages_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passages_article_id", "passages", ["article_id", "number"])


def _found_by() -> None:
    op.create_table(
        "passage_words",
        _ref("id", "passages.id"),
        _column("length", sa.Integer()),
        _column("stems", sa.LargeBinary()),
        _column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_passage_words"),
    )
    op.create_table(
        "passage_stems",
        sa.Column("id", BIG, nullable=False, autoincrement=False),
        _column("passages", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_passage_stems"),
    )
    for kind in ("passage", "article"):
        op.create_table(
            f"{kind}_vectors",
            _ref(f"{kind}_id", f"{kind}s.id"),
            _column("encoder", sa.String(200)),
            _column("change", BIG),
            _column("vector", sa.LargeBinary()),
            sa.PrimaryKeyConstraint(f"{kind}_id", name=f"pk_{kind}_vectors"),
        )
        op.create_index(f"ix_{kind}_vectors_change", f"{kind}_vectors", ["change"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
        made = "CREATE TRIGGER passage_index_{0} AFTER {1} ON passage_words BEGIN {2} END"
        op.execute(made.format("insert", "INSERT", LEARN))
        op.execute(made.format("delete", "DELETE", FORGET))
        op.execute(made.format("update", "UPDATE OF words", FORGET + " " + LEARN))
        return
    op.execute(f"CREATE INDEX ix_passage_words ON passage_words USING gin ({TSVECTOR})")


def _uses() -> None:
    op.create_table(
        "knowledge_lacks",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("question", sa.Text()),
        _column("channel", sa.String(20)),
        _column("at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_lacks"),
        sa.UniqueConstraint("public_id", name="uq_knowledge_lacks_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_lacks_at", "knowledge_lacks", ["at"])
    op.create_table(
        "citations",
        _column("id", BIG),
        _ref("article_id", "articles.id"),
        _column("passage", sa.Uuid()),
        _column("channel", sa.String(20)),
        _column("message", sa.Uuid(), nullable=True),
        _column("at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_citations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_citations_article_id", "citations", ["article_id", "at"])
    op.create_index("ix_citations_passage", "citations", ["passage"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passage_index")
    for table in (
        "citations",
        "knowledge_lacks",
        "article_vectors",
        "passage_vectors",
        "passage_stems",
        "passage_words",
        "passages",
        "article_versions",
        "articles",
        "knowledge_changes",
    ):
        op.drop_table(table)
