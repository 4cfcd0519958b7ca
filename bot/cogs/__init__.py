"""What the bot does in Discord: one module or package per feature, with a ``setup``."""
