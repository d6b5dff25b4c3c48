"""The same conversation where there is no screen."""
