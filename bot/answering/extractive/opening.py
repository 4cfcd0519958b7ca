"""Choose which of the selected sentences comes first: the one that most likely holds the answer by
itself.

The score for the selection compares all sentences. These few are compared again, by what each has
of the likeliest answers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.answering.extractive.candidates import Candidates, Floats
from bot.answering.extractive.sentence_features import SENTENCE

OPENING = ("behind", "chance", "best_chance", "chosen_first", "has_likeliest", *SENTENCE)


def opening_features(
    chosen: Sequence[int],
    features: Floats,
    scores: Floats,
    candidates: Candidates,
    likelihoods: Floats,
) -> Floats:
    """Return the features of the ``chosen`` sentences, shape ``(len(chosen), len(OPENING))``.

    ``chosen`` are indices into ``features`` and ``scores``, which are those of all sentences;
    ``likelihoods`` are those of the ``candidates``.
    """
    places = list(chosen)
    told = [likelihoods[candidates.of_sentence[place]] for place in places]
    best = np.array([each.max(initial=0.0) for each in told])
    columns = [
        scores[places] - scores[places].max(initial=-np.inf),
        np.log(np.array([each.sum() for each in told]) + 1e-3),
        np.log(best + 1e-4),
        np.arange(len(places)) == 0,
        best >= likelihoods.max(initial=0.0),
    ]
    return np.column_stack([*columns, features[places]])
