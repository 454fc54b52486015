"""Values that somebody computed, compared with the right ones."""
