"""The catalogue of activations: one declaration each, grouped by family."""
