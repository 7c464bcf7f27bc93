"""A backfill: walk any directory once, beside a daemon or as the deliverer itself."""
