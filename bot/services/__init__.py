"""What the bot does for people and guilds: knows Discord, draws nothing."""
