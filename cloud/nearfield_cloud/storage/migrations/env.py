"""Runs the steps on the connection that `Storage.migrate` hands over; its transaction holds them all."""

from __future__ import annotations

from alembic import context

from nearfield_cloud.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
)
context.run_migrations()
