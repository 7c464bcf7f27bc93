"""ipernity's wire, as far as it is known."""
