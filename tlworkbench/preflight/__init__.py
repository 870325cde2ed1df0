"""What a training run would do, before it is started: open to screen, commands and engine alike."""
