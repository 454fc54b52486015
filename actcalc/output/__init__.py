"""Documents and rows, and a writer for each format."""
