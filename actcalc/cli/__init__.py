"""The command line: it parses, calls the library, prints and sets the exit status."""
