"""What Alembic runs migrations in: the transaction that the caller has begun."""

from alembic import context
from softbalance.service.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # both databases undo changes of tables, too
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
