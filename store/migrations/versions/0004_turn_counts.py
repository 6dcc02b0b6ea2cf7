"""How many turns each person began lately: one row for each, however much is stored."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "turn_counts",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("minute_from", TIME, nullable=False),
        sa.Column("minute_turns", sa.Integer(), nullable=False),
        sa.Column("day_from", TIME, nullable=False),
        sa.Column("day_turns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_turn_counts"),
    )


def downgrade() -> None:
    op.drop_table("turn_counts")
