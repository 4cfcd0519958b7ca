"""What becomes of words that a corpus lacks: `python -m tests.benchmarks.respellings [--articles N]`.

Of N real articles a corpus is made. Printed is how many words are taken for another one that shouldn't
be: names and other words that questions of the weekly sets contain and the corpus doesn't, countries
and territories, and the words of questions in Spanish, French and German. Then, of words that the
corpus has, how many are found again after one slip of the fingers. Nothing was learned from any of it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import string
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from babel import Locale

from bot.storage.library import open_library
from retrieval.catalogue.queries import ReadQueries
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.library import LibraryConfig
from retrieval.models import IngestItem
from retrieval.search.respelling import alternatives
from retrieval.text.stemming import stems
from tests.benchmarks import weekly_news

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST, _TYPED, _MOST_TYPED = 4, ((5, 5), (6, 7), (8, 30)), 300
_FOREIGN = {
    "es": "¿Cuánto costó el puente nuevo de la ciudad? El alcalde inauguró ayer la biblioteca "
    "municipal después de muchos años de retraso y protestas vecinales contra el ruido de las obras.",
    "fr": "Qui est le maire de la ville ? Le gouvernement annonce une nouvelle loi sur les retraites "
    "après plusieurs semaines de manifestations dans toute la région.",
    "de": "Wer hat die Wahl gewonnen? Der Bürgermeister eröffnete gestern eine neue Brücke über den "
    "Fluss, nachdem der Bau mehrere Jahre gedauert hatte.",
}


class Corpus:
    """Words of a corpus, and what is looked for in place of one that it lacks."""

    def __init__(self, keywords: KeywordIndex, reading: ReadQueries, texts: Iterable[str]) -> None:
        self._keywords = keywords
        self._reading = reading
        self.written = Counter(word for text in texts for word in _WORD.findall(text))
        self.lower = Counter[str]()
        for word, count in self.written.items():
            self.lower[word.lower()] += count

    def lacks(self, word: str) -> bool:
        return word.lower() not in self.lower and not self._keywords.frequency(stems(word))

    def instead(self, word: str, language: str = "en") -> str | None:
        names = [word] if word[0].isupper() else []
        found = alternatives([word], self._keywords, self._texts, language, "en", names).respellings
        return " ".join(found[0].instead) if found else None

    def _texts(self, passage_ids: Sequence[int]) -> list[str]:
        return [passage.text for passage in self._reading.passages(passage_ids).values()]


def harm(corpus: Corpus, questions: Iterable[str]) -> None:
    """Print how many absent words are taken for another one."""
    asked = {w for text in questions for w in _WORD.findall(text)[1:] if len(w) >= _SHORTEST}
    countries = " ".join(Locale("en").territories.values())
    for what, words in (
        ("names in questions", [w for w in asked if w[0].isupper()]),
        ("the same in lower case", [w.lower() for w in asked if w[0].isupper()]),
        ("other words in questions", [w for w in asked if not w[0].isupper()]),
        ("countries and territories", _WORD.findall(countries)),
        *((f"words of a question ({code})", _WORD.findall(_FOREIGN[code])) for code in _FOREIGN),
    ):
        language = what[-3:-1] if what.endswith(")") else "en"
        absent = sorted({w for w in words if len(w) >= _SHORTEST and corpus.lacks(w)})
        taken = [(w, other) for w in absent if (other := corpus.instead(w, language))]
        shown = ", ".join(f"{word}: {other}" for word, other in taken[:5])
        print(f"{what}: {len(taken)} of {len(absent)} taken for another word ({shown})")


def benefit(corpus: Corpus, chance: random.Random) -> None:
    """Print how many words with a slip are found again."""
    known = sorted(w for w in corpus.written if corpus.lower[w.lower()] >= 2)
    chance.shuffle(known)
    for kind in ("lower case", "names"):
        for shortest, longest in _TYPED:
            counts = Counter[str]()
            for word in known:
                name = word.istitle() and corpus.lower[word.lower()] == corpus.written[word]
                if not shortest <= len(word) <= longest or counts.total() == _MOST_TYPED:
                    continue
                if not (name if kind == "names" else word.islower()):
                    continue
                typed = slip(word, chance)
                if corpus.lacks(typed):
                    other = corpus.instead(typed)
                    right = other is not None and stems(other) == stems(word)
                    counts["right" if right else "wrong" if other else "none"] += 1
            told = f"{counts['right']} right, {counts['wrong']} wrong, {counts['none']} left"
            print(f"{kind}, {shortest} to {longest} letters, one slip: {told} of {counts.total()}")


def slip(word: str, chance: random.Random) -> str:
    """The word with a letter left out, put in, changed or swapped, but for the first."""
    at, letter = chance.randrange(1, len(word)), chance.choice(string.ascii_lowercase)
    ways = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:]]
    ways.append(word[:at] + letter + word[at + 1 :])
    if at + 1 < len(word):
        ways.append(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    return chance.choice(ways)


async def measure(folder: Path, articles: int) -> None:
    chance = random.Random(5)
    records = weekly_news.load_articles()
    chance.shuffle(records)
    items = [
        IngestItem(str(n), article_from_record(each)) for n, each in enumerate(records[:articles])
    ]
    texts = [f"{each.article.title} {each.article.text}" for each in items if each.article]
    async with open_library(LibraryConfig(folder), writer="bench") as library:
        indexer = await library.indexer("local")
        async for _ in ingest(indexer, items, actor="bench", data_dir=folder):
            pass
        keywords = library.indexes(await library.require_corpus("local")).keywords
        corpus = Corpus(keywords, library.catalogue.queries, texts)
        harm(corpus, [each.question for each in weekly_news.questions()])
        benefit(corpus, chance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=12)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), parser.parse_args().articles))


if __name__ == "__main__":
    main()
