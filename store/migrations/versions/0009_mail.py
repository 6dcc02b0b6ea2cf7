"""Mail: what is to go out and how it fares, what came in, how far folders were read."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mail_out",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", BIG, nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text()),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("claimed_until", TIME),
        sa.Column("handed_at", TIME),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'unsure')",
            name=op.f("ck_mail_out_state"),
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["replies.id"], name=op.f("fk_mail_out_reply_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_out")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mail_out_public_id")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_mail_out_reply_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_out_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_out_due", "mail_out", ["state", "due_at"])
    op.create_table(
        "mail_seen",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mail_seen")),
    )
    op.create_table(
        "mail_folders",
        sa.Column("name", sa.String(700), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("uid_validity", BIG),
        sa.Column("last_uid", BIG, nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("read_at", TIME),
        sa.Column("claimed_until", TIME),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_folders")),
    )


def downgrade() -> None:
    op.drop_table("mail_folders")
    op.drop_table("mail_seen")
    op.drop_table("mail_out")
