"""The application's own tables: answers, guild settings, subscriptions, job messages, usage."""
