"""Activations: declared, bound to parameters, evaluated."""
