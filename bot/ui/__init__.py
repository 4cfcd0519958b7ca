"""How things look in Discord: texts, embeds, buttons, and edits at the pace that Discord allows."""
