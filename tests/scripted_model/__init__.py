"""An OpenAI-compatible model server that says what a test tells it to, over real HTTP."""

from tests.scripted_model.server import (
    Breaks,
    Fails,
    Garbles,
    Hangs,
    Play,
    Request,
    Says,
    ScriptedModel,
)

__all__ = ["Breaks", "Fails", "Garbles", "Hangs", "Play", "Request", "Says", "ScriptedModel"]
