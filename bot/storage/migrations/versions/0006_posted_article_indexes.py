"""What each round of posting asks of the articles that were posted is found by indexes."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = (("state", "arrived_at"), ("to_publish", "channel_id"), ("post_id", "arrived_at"))


def upgrade() -> None:
    for columns in _COLUMNS:
        name = f"ix_posted_articles_{'_'.join(columns)}"
        op.create_index(op.f(name), "posted_articles", list(columns))
