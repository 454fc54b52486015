"""Somebody else's numbers held against the right ones."""
