"""What there is to learn about an activation."""
