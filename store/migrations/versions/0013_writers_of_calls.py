"""Which server carries out a named call, so that one that a crash left begins anew; and readings
without a number that nobody used.
"""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_calls", sa.Column("writer", BIG))
    op.drop_column("readings", "row_id")


def downgrade() -> None:
    op.add_column("readings", sa.Column("row_id", BIG, nullable=False, server_default="0"))
    op.drop_column("api_calls", "writer")
