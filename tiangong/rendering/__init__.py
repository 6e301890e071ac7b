"""Sound -> face motion -> pictures."""
