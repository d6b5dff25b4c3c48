"""Markdown that may still grow, written into documents that fetch nothing."""
