"""Training runs beside one another, for screen and commands: figures, settings, rows, answers."""
