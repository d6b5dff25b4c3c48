"""Who speaks to whom: one module for each thing that the program does."""
