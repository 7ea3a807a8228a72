"""Where the cloud keeps who may use it: SQLite by default, PostgreSQL at scale, one schema."""
