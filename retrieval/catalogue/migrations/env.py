"""What Alembic runs: migrations on the connection that it was handed."""

from alembic import context

from retrieval.catalogue.schema import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=metadata,
    version_table=attributes["version_table"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
