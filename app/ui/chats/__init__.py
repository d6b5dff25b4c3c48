"""All conversations: the list beside the page."""
