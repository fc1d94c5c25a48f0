"""Nothing to complain about."""
