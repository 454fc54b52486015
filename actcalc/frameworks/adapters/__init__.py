"""One file for each framework: its activations, its arrays, and how it differentiates."""
