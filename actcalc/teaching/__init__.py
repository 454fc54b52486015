"""Facts and stories about an activation."""
