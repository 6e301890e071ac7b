"""Tiangong (天工): a digital human that listens, thinks under a policy and answers with a face and a voice."""

__version__ = "0.1.0"
