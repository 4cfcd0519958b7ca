"""Learn a `TextClassifier`: a penalised softmax over hashed features, by Adam in minibatches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.answering.text_classifier import DIMENSIONS, TextClassifier, hashed_features

_RATE, _BATCH = 0.05, 512


def learn(
    texts: Sequence[str],
    labels: Sequence[str],
    importance: Sequence[float],
    *,
    epochs: int = 10,
    penalty: float = 2e-6,
    seed: int = 1,
    names: Sequence[str] = (),
) -> TextClassifier:
    """``importance`` is the weight of each text in the loss; ``names`` are labels that the classifier
    has even if none of the texts is of them."""
    names = tuple(sorted({*labels, *names}))
    target = np.array([names.index(label) for label in labels])
    features = [hashed_features(text) for text in texts]
    weigh = np.array(importance, dtype=np.float32)
    weights = np.zeros((DIMENSIONS, len(names)), dtype=np.float32)
    bias = np.zeros(len(names), dtype=np.float32)
    moments = [np.zeros_like(each) for each in (weights, weights, bias, bias)]
    draw = np.random.default_rng(seed)
    step = 0
    for epoch in range(epochs):
        order = draw.permutation(len(texts))
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            step += 1
            lengths = np.array([len(features[row]) for row in rows])
            places = np.concatenate([features[row] for row in rows])
            owner = np.repeat(np.arange(len(rows)), lengths)
            scale = (1 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32)
            starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
            sums = np.add.reduceat(weights[places], starts, axis=0)
            scores = sums * scale[:, None] + bias
            likely = np.exp(scores - scores.max(axis=1, keepdims=True))
            likely /= likely.sum(axis=1, keepdims=True)
            likely[np.arange(len(rows)), target[rows]] -= 1
            likely *= (weigh[rows] / weigh.mean() / len(rows))[:, None]
            spread = (likely * scale[:, None])[owner]
            slopes = np.stack(
                [np.bincount(places, column, DIMENSIONS) for column in spread.T], axis=1
            ).astype(np.float32)
            rate = _RATE * (1 - epoch / epochs)
            _adam(weights, slopes + penalty * weights, moments[0], moments[1], step, rate)
            _adam(bias, likely.sum(axis=0), moments[2], moments[3], step, rate)
    return TextClassifier(names, weights, bias)


def _adam(
    values: npt.NDArray[np.float32],
    slopes: npt.NDArray[np.float32],
    mean: npt.NDArray[np.float32],
    square: npt.NDArray[np.float32],
    step: int,
    rate: float,
) -> None:
    mean += 0.1 * (slopes - mean)
    square += 0.001 * (slopes**2 - square)
    values -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
