"""What a person in Discord may not do, as codes and parameters; ``bot.i18n`` has the texts."""

from __future__ import annotations

from retrieval.errors import NewsdeskError


class UserError(NewsdeskError):
    """Something that a person may not do, or that can't be done like that, or (``retry``) not at
    present."""
