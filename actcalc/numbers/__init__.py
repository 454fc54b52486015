"""Numbers: how they are written, rounded and compared."""
