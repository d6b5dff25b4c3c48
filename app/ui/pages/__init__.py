"""What can stand beside the list in place of a conversation."""
