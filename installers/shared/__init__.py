"""What every target needs: environment, locked requirements, starter model, translations."""
