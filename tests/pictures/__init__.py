"""Pictures of what the bot shows, for people to look at: ``python -m tests.pictures [FOLDER]``."""
