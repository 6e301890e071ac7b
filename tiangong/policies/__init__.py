"""Text, emotion, motion -> verdicts."""
