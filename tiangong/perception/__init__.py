"""Sound and pictures of the user -> what was said, how they feel."""
