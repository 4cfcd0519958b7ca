"""Words of a question that the corpus knows, but the passages found for the rest don't: perhaps
misspelt.

Search respells words that the whole corpus doesn't know. "Aron Rogers" may be known, yet the
passages on the rest of the question name Aaron Rodgers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from retrieval.errors import Note
from retrieval.indexes.common_words import share_of_passages
from retrieval.models import Respelling, SearchResults
from retrieval.search.query import content_words
from retrieval.text.spelling import nearest_word
from retrieval.text.stemming import stems

_WORD = re.compile(r"[^\W\d_]+")
_READ = 5
# Shorter words have too many neighbours, except those without their last letter; longer ones may
# be further away.
_SHORT, _LONG = 3, 7


def near_words(question: str, found: SearchResults) -> list[Respelling]:
    """Return, for each word of a question that no passage found has, the nearest word of these, if
    one is near.

    It takes a few milliseconds: call it in a worker thread.
    """
    texts = [f"{hit.passage.article.title} {hit.passage.text}" for hit in found.hits[:_READ]]
    stand = {stem for text in texts for stem in stems(text, found.stemming)}
    counts = Counter(word.casefold() for text in texts for word in _WORD.findall(text))
    slips = []
    for word in dict.fromkeys(content_words(question, found.language)):
        own = set(stems(word, found.stemming))
        if len(word) < _SHORT or not word.isalpha() or own & stand:
            continue
        if any(map(share_of_passages, own)):
            continue  # a word known elsewhere isn't misspelt
        most = 2 if len(word) >= _LONG else 1
        lower = word.casefold()
        among = counts
        if len(word) == _SHORT:
            among = Counter({o: count for o, count in counts.items() if o.startswith(lower)})
        if nearest := nearest_word(lower, among, most):
            slips.append(Respelling(word, (nearest,)))
    return slips


def respelt(question: str, slips: Sequence[Respelling]) -> str:
    """Return the question with these words corrected."""
    instead = {slip.word.casefold(): slip.instead[0] for slip in slips}
    return _WORD.sub(lambda match: instead.get(match[0].casefold(), match[0]), question)


def as_meant(question: str, notes: Sequence[Note]) -> str:
    """Return a question without the slips that the notes of its answer report."""
    slips = [
        Respelling(str(note.params["word"]), (str(note.params["instead"]),))
        for note in notes
        if note.code == "note-respelled" and "," not in str(note.params["instead"])
    ]
    return respelt(question, slips)
