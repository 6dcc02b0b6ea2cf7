"""Which server carries out a named call, so that one that a crash left begins anew."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_calls", sa.Column("writer", BIG))


def downgrade() -> None:
    op.drop_column("api_calls", "writer")
