"""What only measuring needs."""
