"""Text -> sound, and when each phone is spoken."""
