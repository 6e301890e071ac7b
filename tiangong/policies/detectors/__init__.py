"""What is found in a text by rule: a normal form of it, personal data, listed words, patterns."""
