"""Match passages with the topic of a digest or a timeline."""

from __future__ import annotations

import re

from bot.answering.summaries.digest import DigestStory
from retrieval.models import Passage
from retrieval.search.query import content_words
from retrieval.text.sentences import sentences
from retrieval.text.stemming import stems

_TOPIC_WORDS = 0.6  # least share of the weight of a topic's words in a passage and its title
_TOPIC_NAMED = 0.3  # the same in a sentence
_LETTERS = re.compile(r"[^\W\d_]+")
_INFLECTED = 5  # least letters of a word that may have another ending


class DigestTopic:
    """The words of a topic with their weights; a word that the corpus doesn't know weighs most.

    ``passages`` holds by story the passages about it, the closest first.
    """

    def __init__(self, topic: str, weights: dict[str, float]) -> None:
        named = content_words(topic)
        words = stems(" ".join(named))
        most = max(weights.values(), default=1.0)
        # How the topic's words begin, since "abortive" has the stem of "abortion".
        begins = [word.lower()[:-1] for word in named if len(word) >= _INFLECTED]
        self._begins = tuple(begins) if len(begins) == len(words) else ()
        self._weights = {word: weights.get(word, most) for word in words} or weights
        self.passages: dict[int, list[Passage]] = {}

    def is_in(self, passage: Passage) -> bool:
        """Return whether one of the passage's sentences, read under its title, is about the
        topic."""
        title = passage.article.title
        return self.named_in(f"{title}\n{passage.text}") and any(
            self.named_in(f"{title}\n{sentence}") and self.is_named_in(sentence)
            for sentence in sentences(passage.text)
        )

    def on(self, story: DigestStory) -> list[Passage]:
        """Return the passages about the topic from the reports of ``story``, which must be in
        ``passages``."""
        told = {report.article.article_id for report in story.reports}
        return [p for p in self.passages[story.story_id] if p.article.article_id in told]

    def is_named_in(self, sentence: str) -> bool:
        """Return whether a sentence of a report on the topic names it."""
        return self.named_in(sentence, _TOPIC_NAMED)

    def named_in(self, text: str, share: float = _TOPIC_WORDS) -> bool:
        """Return whether ``text`` has at least this share of the topic's words and of their
        weight."""
        named = self._weights.keys() & set(stems(text))
        about = sum(self._weights[word] for word in named)
        if self._begins and not any(w.startswith(self._begins) for w in _words(text)):
            return False
        many = len(named) >= share * len(self._weights)
        return many and about >= share * sum(self._weights.values()) > 0


def _words(text: str) -> list[str]:
    return _LETTERS.findall(text.lower())
