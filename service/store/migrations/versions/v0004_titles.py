"""Records can be sorted by title quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "classifications_by_title",
        "classifications",
        [sa.text("lower(coalesce(title, episode))"), "position"],
    )
