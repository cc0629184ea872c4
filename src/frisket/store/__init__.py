"""What Frisket remembers: one repository layer for SQLite and PostgreSQL."""
