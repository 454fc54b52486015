"""Input: words, columns and values."""
