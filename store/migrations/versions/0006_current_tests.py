"""A prompt names its current test cases: found at once, however many there were before."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CURRENT = """UPDATE prompts SET tests_id = (
    SELECT max(id) FROM prompt_tests WHERE prompt_tests.prompt = prompts.name)"""


def upgrade() -> None:
    op.add_column("prompts", sa.Column("tests_id", BIG))
    op.execute(CURRENT)
    op.drop_index("ix_prompt_tests_current", "prompt_tests")
    op.drop_index("ix_prompt_tests_sha", "prompt_tests")
    op.create_index("ix_prompt_tests_sha", "prompt_tests", ["prompt", "sha"])


def downgrade() -> None:
    op.drop_index("ix_prompt_tests_sha", "prompt_tests")
    op.create_index("ix_prompt_tests_sha", "prompt_tests", ["sha"])
    op.create_index("ix_prompt_tests_current", "prompt_tests", ["prompt", "id"])
    op.drop_column("prompts", "tests_id")
