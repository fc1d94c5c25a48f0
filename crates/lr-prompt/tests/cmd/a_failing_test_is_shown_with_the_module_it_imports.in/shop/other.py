"""Not concerned."""
