"""Words of a question that are known here, but not where the rest of it stands: slips, perhaps.

Search looks for other spellings of words that the whole corpus does not know. "Aron Rogers" may be
known, yet the passages that have the rest of the question name Aaron Rodgers.
"""

from __future__ import annotations

import re
from collections import Counter

from retrieval.indexes.common_words import share_of_passages
from retrieval.models import Respelling, SearchResults
from retrieval.search.query import content_words
from retrieval.text.spelling import nearest_word
from retrieval.text.stemming import stems

_WORD = re.compile(r"[^\W\d_]+")
_READ = 5
# Shorter words have too many neighbours, but for those that lack their last letter; longer ones may
# be further away.
_SHORT, _LONG = 3, 7


def near_words(question: str, found: SearchResults) -> list[Respelling]:
    """For each word of a question that no passage found has, the nearest word of these, if one is
    near. It takes a few milliseconds: call it in a worker thread."""
    texts = [f"{hit.passage.article.title} {hit.passage.text}" for hit in found.hits[:_READ]]
    stand = {stem for text in texts for stem in stems(text, found.stemming)}
    counts = Counter(word.casefold() for text in texts for word in _WORD.findall(text))
    slips = []
    for word in dict.fromkeys(content_words(question, found.language)):
        own = set(stems(word, found.stemming))
        if len(word) < _SHORT or not word.isalpha() or own & stand:
            continue
        if any(map(share_of_passages, own)):
            continue  # what is a word elsewhere is no slip
        most = 2 if len(word) >= _LONG else 1
        lower = word.casefold()
        among = counts
        if len(word) == _SHORT:
            among = Counter({o: count for o, count in counts.items() if o.startswith(lower)})
        if nearest := nearest_word(lower, among, most):
            slips.append(Respelling(word, (nearest,)))
    return slips


def respelt(question: str, slips: list[Respelling]) -> str:
    """The question with these words in place of those that were misspelt."""
    instead = {slip.word.casefold(): slip.instead[0] for slip in slips}
    return _WORD.sub(lambda match: instead.get(match[0].casefold(), match[0]), question)
