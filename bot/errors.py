"""What a person in Discord may not do, by codes and parameters: ``bot.i18n`` has the words."""

from __future__ import annotations

from retrieval.errors import NewsdeskError


class UserError(NewsdeskError):
    """Something that a person may not do, that can't be done so, or (``retry``) not just now."""
