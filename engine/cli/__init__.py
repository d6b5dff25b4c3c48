"""The developer's commands: `python -m engine build|chat|score|bench|inspect|doctor`."""
