"""Yes and no: negations and opposites that turn a sentence round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from bot.answering.verification.legacy.alignment import Alignment, Line
from bot.answering.verification.legacy.lexicon import NEGATIONS, OPPOSITES, word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.words import Token, stem

# They deny without a negation, and may stand for one in the claim.
_DENYING: Final = word_set(
    "stopped short instead unlikely oppose opposed opposes prevent prevented avoid avoided ruled "
    "without lack unable unless reject rejected dismissed doubt unknown unclear impossible "
    "against absent absence hardly rather banned ban dispute disputed less fewer deny denied "
    "decline declined refuse refused fail failed stop"
)
_UNCERTAIN = frozenset({"unknown", "unclear", "undetermined", "uncertain"})
_NARROW, _WIDE = 1, 5  # words with content that a negation governs, surely and perhaps
_REACH = 12
_SHADOW = 6
_SHARED = 3
_LESS = frozenset({"less", "fewer", "lower", "least"})
_SAME_SENTENCE = 0.5  # of a claim, in the sentence that it comes from
_PREFIXES = ("un", "in", "im", "dis", "non")
_BREAKS = frozenset({",", ".", ";", ":", '"', "(", ")"})


@cache
def opposites() -> dict[str, frozenset[str]]:
    """The opposites of a stem, as stems."""
    found: dict[str, frozenset[str]] = {}
    for word, others in OPPOSITES.items():
        key = stem(word)
        found[key] = found.get(key, frozenset()) | {stem(other) for other in others} - {key}
    return found


def negates(token: Token) -> bool:
    return token.kind == "word" and (token.stem == "not" or token.text.lower() in NEGATIONS)


def negated(line: Sequence[Token], width: int = _NARROW) -> set[str]:
    """The stems that a negation governs: the next ``width`` words with content, but adverbs."""
    found: set[str] = set()
    for at, token in enumerate(line):
        if not negates(token):
            continue
        scope: list[str] = []
        for following in line[at + 1 : at + 1 + _REACH]:
            if following.text in _BREAKS or len(scope) == width:
                break
            sure = not (
                following.capital or following.text.endswith("ly") or following.text == "able"
            )
            if following.content and (sure or width > _NARROW):
                scope.append(following.stem)
        found.update(scope)
    return found


def _shadowed(tokens: Sequence[Token], word: str) -> bool:
    """Whether something that denies without a negation stands before a word."""
    places = [at for at, token in enumerate(tokens) if token.stem == word]
    return any(
        token.text.lower() in _DENYING and token.stem != word
        for at in places
        for token in (*tokens[max(0, at - _SHADOW) : at], *tokens[at + 1 : at + 2])
    )


def flipped(claim: Line, alignment: Alignment, best: Line) -> Iterator[str]:
    """Where a claim denies what the sentences that it comes from affirm, or the other way round."""
    window = alignment.tokens
    denied, denied_there = negated(claim), negated(best)
    perhaps = negated(claim, _WIDE)
    perhaps_there = {word for line in alignment.lines for word in negated(line, _WIDE)}
    said = {t.stem for t in claim if t.content}
    said_there = {t.stem for t in window if t.content}
    affirmed = {
        token.stem
        for line in alignment.lines
        for scope in (negated(line, _WIDE),)
        for token in line
        if token.content and token.stem not in scope
    }
    for word in sorted(denied & said_there - perhaps_there):
        if not _shadowed(window, word):
            yield f"the sentence denies “{_written(claim, word)}”, the passage does not"
            return
    for word in sorted(denied_there & said - perhaps - affirmed):
        if not _shadowed(claim, word):
            yield f"the passage denies “{_written(window, word)}”, the sentence does not"
            return
    yield from _denied_from_nothing(claim, denied - said_there, alignment)
    yield from _opposed(claim, alignment, best, perhaps, perhaps_there)
    yield from _lessened(claim, window)
    if not any(negates(t) for t in claim) and not _UNCERTAIN & {t.text.lower() for t in claim}:
        unsure = _UNCERTAIN & {t.text.lower() for t in best}
        if unsure and alignment.coverage > 0.6:
            yield f"the passage says that it is {min(unsure)}"


def _opposed(
    claim: Line, alignment: Alignment, best: Line, denied: set[str], denied_there: set[str]
) -> Iterator[str]:
    """Opposites between the same neighbours: prices rose, prices fell."""
    table = opposites()
    there = {token.stem for token in best}
    window = {token.stem for token in alignment.tokens}
    wanted = {token.stem for token in claim if token.content}
    mentioned = {token.stem for token in claim}
    share = len(wanted & there) / max(1, len(wanted))
    plain = [token for token in claim if token.kind != "mark"]
    stated = [token for token in best if token.kind != "mark"]
    for at, token in enumerate(plain):
        rivals = (table.get(token.stem, frozenset()) | _prefixed(token)) & there
        if not rivals or token.stem in there or token.quoted or rivals & mentioned:
            continue
        if token.stem in denied or rivals & denied_there:
            continue
        strange = token.content and token.stem not in window and share >= _SAME_SENTENCE
        if strange or _beside(plain, at) & {
            stem
            for place, other in enumerate(stated)
            if other.stem in rivals
            for stem in _beside(stated, place)
        }:
            rival = next(other.text for other in stated if other.stem in rivals)
            yield f"the passage says “{rival}”, the sentence “{token.text}”"
            return


def _denied_from_nothing(claim: Line, denied: set[str], alignment: Alignment) -> Iterator[str]:
    """A denial of what the passage has no word of, where the passage denies nothing."""
    window = alignment.tokens
    if not denied or any(negates(t) or t.text.lower() in _DENYING | _UNCERTAIN for t in window):
        return
    there = {token.stem for token in window}
    for word in sorted(denied):
        if not opposites().get(word, frozenset()) & there:
            yield f"the sentence denies “{_written(claim, word)}”, the passage denies nothing"
            return


def _lessened(claim: Line, window: Sequence[Token]) -> Iterator[str]:
    """Less of something, where the passage has nothing less."""
    if any(token.text.lower() in _LESS or negates(token) for token in window):
        return
    there = {token.stem for token in window}
    for token, following in pairwise(claim):
        if token.text.lower() in _LESS and following.content and following.stem in there:
            yield f"the passage does not say “{token.text} {following.text}”"
            return


def likened(claim: Line, material: Material) -> Iterator[str]:
    """What the passages say of one thing "unlike" another, said of the other."""
    if any(token.text.lower() == "unlike" for token in claim):
        return
    told = [token.stem for token in claim if token.content]
    for line in material.lines:
        at = next((n for n, token in enumerate(line) if token.text.lower() == "unlike"), None)
        if at is None:
            continue
        end = next((n for n in range(at, len(line)) if line[n].text in _BREAKS), len(line))
        other = {token.stem for token in line[at + 1 : end] if token.content}
        rest = {token.stem for token in (*line[:at], *line[end:]) if token.content}
        said = set(told) & rest - other
        if told and set(told[:2]) <= other and not set(told[:2]) & rest and len(said) >= _SHARED:
            yield f"the passage says this of something unlike “{_written(line, told[0])}”"
            return


def _prefixed(token: Token) -> set[str]:
    """The stems of a word with "un" and the like taken off or put before it."""
    low = token.text.lower()
    bare = {stem(low[len(prefix) :]) for prefix in _PREFIXES if low.startswith(prefix)}
    return (bare | {stem(prefix + low) for prefix in _PREFIXES}) if len(low) > 3 else set()


def _beside(tokens: Sequence[Token], at: int) -> set[str]:
    """The nearest words on each side, the first with content among them."""
    found: set[str] = set()
    for side in (tokens[at + 1 : at + 4], list(reversed(tokens[max(0, at - 3) : at]))):
        for token in side:
            if token.content:
                found.add(token.stem)
                break
    return found


def _written(tokens: Sequence[Token], word: str) -> str:
    return next((token.text for token in tokens if token.stem == word), word)
