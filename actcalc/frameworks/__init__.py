"""Other people's activations, as ``audit`` runs them."""
