"""Scripted tests of a policy: what is said and shown when, and what must hold of the answer."""
