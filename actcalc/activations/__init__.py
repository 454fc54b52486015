"""Activations: their declaration, parameters and evaluation."""
