"""Training the generator: pairs of sketch and truth, the two networks' steps, and the report."""
