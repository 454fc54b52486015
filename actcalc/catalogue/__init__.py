"""Every activation: one declaration each, by family."""
