"""New content for one photo, once: `uploadd replace`."""
