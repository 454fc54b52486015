"""Facts about activations, explained for learners."""
