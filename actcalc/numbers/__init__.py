"""What a number is, written, rounded and compared."""
