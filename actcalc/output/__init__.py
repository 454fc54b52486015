"""What goes out: rows, and a writer for each family of formats."""
