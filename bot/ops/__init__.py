"""Running the program: checks, health, logs, commands, event loop."""
