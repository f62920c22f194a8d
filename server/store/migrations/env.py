"""Alembic's way in: runs the steps on the connection that `upgrade` has opened."""

from alembic import context

from server.store import delivery_tables, design_tables  # noqa: F401 - they are what is compared
from server.store.tables import Tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Tables.metadata,
    # SQLite changes a column by copying its table.
    render_as_batch=True,
)
context.run_migrations()
