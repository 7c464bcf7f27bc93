"""The wire: one written contract (`base`), and a folder for each service that keeps it."""
