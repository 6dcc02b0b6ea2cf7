"""Knowledge: articles and their versions, passages, words and vectors that they are found by."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, is_sqlite, ref

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TSVECTOR = "(array_to_tsvector(string_to_array(words, ' ')))"
FTS5 = (
    "CREATE VIRTUAL TABLE passage_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    'tokenize="ascii")'
)
LEARN = "INSERT INTO passage_index (rowid, tokens) VALUES (new.id, new.words);"
FORGET = (
    "INSERT INTO passage_index (passage_index, rowid, tokens) VALUES ('delete', old.id, old.words);"
)


def upgrade() -> None:
    op.create_table(
        "knowledge_changes",
        column("id", BIG),
        column("number", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_changes"),
    )
    _articles()
    _passages()
    _found_by()
    _uses()


def _articles() -> None:
    op.create_table(
        "articles",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("source", sa.String(500)),
        column("title", sa.Text()),
        column("visibility", sa.String(20)),
        column("language", sa.String(20)),
        column("tags", sa.Text()),
        column("owner", sa.String(200)),
        column("valid_from", sa.Date(), nullable=True),
        column("valid_until", sa.Date(), nullable=True),
        column("version", sa.Integer()),
        column("sha", sa.String(64)),
        column("passages", sa.Integer()),
        column("change", BIG),
        column("created_at", TIME),
        column("changed_at", TIME),
        ref("changed_by", "users.id", on_delete="SET NULL"),
        column("deleted_at", TIME, nullable=True),
        column("folded", sa.Text()),
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
        column("id", BIG),
        ref("article_id", "articles.id"),
        column("number", sa.Integer()),
        column("content", sa.JSON()),
        ref("author_id", "users.id", on_delete="SET NULL"),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_article_versions"),
        sa.UniqueConstraint("article_id", "number", name="uq_article_versions_article_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_versions_author_id", "article_versions", ["author_id"])


def _passages() -> None:
    op.create_table(
        "passages",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("article_id", "articles.id"),
        column("number", sa.Integer()),
        column("start", sa.Integer()),
        column("tokens", sa.Integer()),
        column("heading", sa.Text()),
        column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
        sa.UniqueConstraint("public_id", name="uq_passages_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passages_article_id", "passages", ["article_id", "number"])


def _found_by() -> None:
    op.create_table(
        "passage_words",
        ref("id", "passages.id"),
        column("length", sa.Integer()),
        column("stems", sa.LargeBinary()),
        column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_passage_words"),
    )
    op.create_table(
        "passage_stems",
        sa.Column("id", BIG, nullable=False, autoincrement=False),
        column("passages", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_passage_stems"),
    )
    for kind in ("passage", "article"):
        op.create_table(
            f"{kind}_vectors",
            ref(f"{kind}_id", f"{kind}s.id"),
            column("encoder", sa.String(200)),
            column("change", BIG),
            column("vector", sa.LargeBinary()),
            sa.PrimaryKeyConstraint(f"{kind}_id", name=f"pk_{kind}_vectors"),
        )
        op.create_index(f"ix_{kind}_vectors_change", f"{kind}_vectors", ["change"])
    if is_sqlite():
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
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("question", sa.Text()),
        column("channel", sa.String(20)),
        column("at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_lacks"),
        sa.UniqueConstraint("public_id", name="uq_knowledge_lacks_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_lacks_at", "knowledge_lacks", ["at"])
    op.create_table(
        "citations",
        column("id", BIG),
        ref("article_id", "articles.id"),
        column("passage", sa.Uuid()),
        column("channel", sa.String(20)),
        column("message", sa.Uuid(), nullable=True),
        column("at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_citations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_citations_article_id", "citations", ["article_id", "at"])
    op.create_index("ix_citations_passage", "citations", ["passage"])


def downgrade() -> None:
    if is_sqlite():
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
