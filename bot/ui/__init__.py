"""How things look in Discord: words, embeds, buttons, and edits at a pace that Discord allows."""
