"""All that a person sees or reads."""
