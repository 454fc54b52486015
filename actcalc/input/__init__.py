"""Words, columns and values that come in."""
