"""Messages on paper: printed with a preview, saved as PDF, saved as Word."""
