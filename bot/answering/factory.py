"""Build an answer engine from settings."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from bot.answering.engine import AnswerEngine
from bot.answering.providers import make_model
from bot.config.limits import AnsweringConfig
from retrieval.errors import Note
from retrieval.library import Library

if TYPE_CHECKING:
    from bot.answering.composer import Composer
    from bot.answering.observer import Observer


@contextlib.asynccontextmanager
async def open_engine(library: Library, config: AnsweringConfig) -> AsyncIterator[AnswerEngine]:
    """Open an engine for a library, with a model if the settings name one.

    Raise ``SettingsError`` if the price file is invalid.
    """
    async with open_composer(library, config) as composer:
        yield AnswerEngine(library, composer)


@contextlib.asynccontextmanager
async def open_composer(
    library: Library, config: AnsweringConfig, observer: Observer | None = None
) -> AsyncIterator[Composer | None]:
    """Open what writes answers with the model in the settings; None if they name none.

    ``observer`` is told about the model's calls and about checked sentences.
    """
    made = make_model(config.model)
    if made is None:
        yield None
        return
    # Without a model, nothing of this is needed.
    from bot.answering.budget import BUNDLED_PRICES, TokenBudget, load_prices
    from bot.answering.composer import Composer
    from bot.answering.providers.watched import WatchedModel
    from bot.answering.verification import create_verifier

    def watch(why: Note | None) -> None:
        if why is None:
            library.conditions.end("model")
            if observer is not None:
                observer.model_answered()
        else:
            library.conditions.begin("model", why)

    model = WatchedModel(made, config.model, watch)
    # OpenAI's prices are not those of another server, whatever its model is called.
    file = config.prices_file or (None if config.model.base_url else BUNDLED_PRICES)
    prices = load_prices(file) if file else {}
    budget = TokenBudget(library.database, prices, config.budget, library.clock, config.zone)
    verifier = create_verifier(config.verifier, config.verifier_model)
    composer = Composer(model, budget, config.composing, config.zone, verifier, observer)
    try:
        yield composer
    finally:
        await composer.close()
