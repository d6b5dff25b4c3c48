"""Records, settings, paths, errors and logs: the standard library only."""
