"""What the program does, without a single widget."""
