"""Everything that would stop a run, each with its remedy."""
