"""The window around the pages: who is shown where, and who speaks to whom."""
