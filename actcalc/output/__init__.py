"""Rows, and a writer for each format."""
