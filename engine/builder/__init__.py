"""Makes a bundle from a published checkpoint."""
