"""The conversation: the loop, turns, memory, persona, knowledge, language models."""
