"""What the bot does in Discord: one module or package for each feature, with a ``setup``."""
