"""Points, numbers and columns of results."""
