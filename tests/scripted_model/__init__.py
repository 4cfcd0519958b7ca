"""An OpenAI-compatible model server that says what a test tells it to, over real HTTP."""

from tests.scripted_model import wire
from tests.scripted_model.server import (
    Breaks,
    Fails,
    Garbles,
    Hangs,
    Picky,
    Play,
    Refusal,
    Request,
    Says,
    ScriptedModel,
    Sends,
)

__all__ = [
    "Breaks",
    "Fails",
    "Garbles",
    "Hangs",
    "Picky",
    "Play",
    "Refusal",
    "Request",
    "Says",
    "ScriptedModel",
    "Sends",
    "wire",
]
