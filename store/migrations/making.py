"""What the newer migrations make tables of. Knows none of them.

A migration that was released makes for ever what it made: add to these, and change none.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

_TSVECTOR = (
    "(array_to_tsvector(string_to_array(ltrim(words || replace(words, ' ', ' ' || near)), ' ')))"
)
_TOKENS = "{0}.words || replace({0}.words, ' ', ' ' || {0}.near)"
_FTS5 = (
    "CREATE VIRTUAL TABLE {}_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    "tokenize=\"ascii tokenchars '_'\")"
)
_LEARN = "INSERT INTO {}_index (rowid, tokens) VALUES (new.id, {});"
_FORGET = "INSERT INTO {0}_index ({0}_index, rowid, tokens) VALUES ('delete', old.id, {1});"
_TRIGGER = "CREATE TRIGGER {0}_index_{1} AFTER {2} ON {0}_words BEGIN {3} END"


def column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    """A column that has a value unless it is `nullable`."""
    return sa.Column(name, kind, nullable=nullable)


def ref(
    name: str, target: str, on_delete: str = "CASCADE", *, nullable: bool = False
) -> sa.Column[Any]:
    """A column that points to another table's ("users.id") and follows when that row leaves."""
    free = nullable or on_delete == "SET NULL"
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=free)


def index_where(table: str, name: str, columns: list[str], where: str) -> None:
    """An index of the rows that meet a condition alone."""
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def is_sqlite() -> bool:
    """Which of the two databases is being migrated."""
    return op.get_bind().dialect.name == "sqlite"


def words_of(kind: str, rows: str) -> None:
    """Table and index of the words that rows are found by (see `store.block_words`)."""
    op.create_table(
        f"{kind}_words",
        ref("id", f"{rows}.id"),
        column("near", sa.String(40)),
        column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{kind}_words"),
    )
    if not is_sqlite():
        op.execute(f"CREATE INDEX ix_{kind}_words ON {kind}_words USING gin ({_TSVECTOR})")
        return
    op.execute(_FTS5.format(kind))
    learn = _LEARN.format(kind, _TOKENS.format("new"))
    forget = _FORGET.format(kind, _TOKENS.format("old"))
    op.execute(_TRIGGER.format(kind, "insert", "INSERT", learn))
    op.execute(_TRIGGER.format(kind, "delete", "DELETE", forget))
    op.execute(_TRIGGER.format(kind, "update", "UPDATE", f"{forget} {learn}"))
