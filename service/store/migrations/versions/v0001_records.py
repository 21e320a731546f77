"""Classifications, their actors and the rulebooks that decided them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "classifications",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("classified_at", sa.Text, nullable=False),
        sa.Column("rulebook", sa.Text, nullable=False),
        sa.Column("classification", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("episode", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    for name in ("classification", "rulebook", "form", "episode"):
        op.create_index(f"classifications_by_{name}", "classifications", [name, "position"])
    op.create_table(
        "classification_actors",
        sa.Column("actor", sa.Text, primary_key=True),
        sa.Column(
            "position", sa.Integer, sa.ForeignKey("classifications.position"), primary_key=True
        ),
    )
    op.create_table(
        "rulebooks",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
