"""Other libraries' activations, for ``audit`` to run."""
