"""Trains the network that moves the mouth to any sound."""
