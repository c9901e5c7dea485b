"""What the lab made and nobody removed: found by tags and names, in any account, without any state."""
