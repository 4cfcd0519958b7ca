"""Follow-ups: make a question that depends on earlier turns stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from bot.answering.declines import is_decline
from bot.answering.models import Answer, AnswerSentence, Citation
from retrieval.search.query import content_words
from retrieval.text.calendar_names import MONTH_NAMES, WEEKDAY_NAMES
from retrieval.text.question_language import question_language
from retrieval.text.question_words import plainly, question_words
from retrieval.text.sentences import sentences
from retrieval.text.stop_words import never_names
from retrieval.text.time_expressions import read_time

_MOST_TURNS = 6
_MOST_CHARS = 600  # of a question or an answer that is remembered
_LONGEST_REWRITE, _LONGEST_ADDITION = 300, 120  # characters, of a question that a model rewrote
_NEW_WORDS = 0.34  # share of its words that may be unknown
_LABEL = re.compile(r"^[\w -]{0,30}question\s*:\s*", re.IGNORECASE)

_ASIDE = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|also|then|well|now|plus|yes|no)\b[\s,]*", re.IGNORECASE
)
_WHAT_ABOUT = re.compile(
    r"^(?:what|how)\s+about\s+(?P<new>.+?)\s*\?*$|^(?:in|for|on|at|from)\s+(?P<place>[A-Z].*?)\s*\?*$",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|him|his|hers?|himself|herself)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:it|its|itself|this|that|these|those|they|them|their|theirs|the same)\b", re.IGNORECASE
)
_PLACE = re.compile(r"\bthere\b", re.IGNORECASE)
# These stand for everything said rather than for one name in it.
_WHOLE_EVENT = re.compile(r"^(?:this|that|these|those|the same)$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"^(?:his|hers?|its|theirs?)$", re.IGNORECASE)
# "that" and "this" where they point ahead, not back.
_POINTS_AHEAD = re.compile(
    r"\b(?:this|last|that|these|those)\s+(?:week|month|year|weekend|morning|afternoon|evening|night|spring|summer|autumn|fall|winter)\b"
    r"|\b(?:say|said|says|claim(?:ed|s)?|report(?:ed|s)?|think|believe|mean|show(?:ed|s)?)\s+that\b|\bis it true\b|\bthere (?:is|are|was|were|be)\b|\b(?:is|are|was|were) there\b",
    re.IGNORECASE,
)

# The words added to a follow-up that names nothing.
_SUBJECT = re.compile(r" \([^()]+\)(?=\?$)")
_WHO = re.compile(r"\W*(?:and |so )?who\b", re.IGNORECASE)

_NAME_WORD = r"(?:[A-Z][\w’'-]*\w|[A-Z]{2,}|[A-Z]\.)"
_NAMES = re.compile(
    rf"\b{_NAME_WORD}(?:(?:\s+(?:of|the|de|van|von|al|bin|for|and)){{0,2}}\s+{_NAME_WORD})*"
)
_LONGEST_ACRONYM = 5
# Other words that begin questions or precede a name.
_BEFORE_NAMES = "dr give list may mr mrs ms name president will".split()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question made standalone, its time range, and the beginning and sources of its answer.

    ``open`` says that it asked for everything, as a digest does.
    """

    question: str
    answer: str
    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None
    citations: tuple[Citation, ...] = ()
    sentences: tuple[AnswerSentence, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The last turns, oldest first. Immutable: each new turn gives a new conversation."""

    turns: tuple[Turn, ...] = field(default=())

    def after(self, turn: Turn) -> Conversation:
        """Return the conversation with a turn added, unless the turn only showed the sources of the
        last one."""
        last = self.last
        if last and turn.citations and turn.citations == last.citations:
            told = {sentence.text for sentence in last.sentences}
            if told.isdisjoint(sentence.text for sentence in turn.sentences):
                return self
        return Conversation((*self.turns, turn)[-_MOST_TURNS:])

    @property
    def last(self) -> Turn | None:
        """The last turn; None if there is none."""
        return self.turns[-1] if self.turns else None


@dataclass(frozen=True, slots=True)
class RewrittenQuestion:
    """A standalone question.

    ``since``, ``until`` and ``source`` are taken from the last turn; ``changed`` says that its
    words differ from those asked.
    """

    question: str
    changed: bool = False
    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None


def turn_of(answer: Answer, standalone: RewrittenQuestion) -> Turn:
    """Return what to remember of an answer: only cited evidence is kept."""
    text = "" if answer.abstained else " ".join(s.text for s in answer.sentences)
    return Turn(
        standalone.question[:_MOST_CHARS],
        text[:_MOST_CHARS],
        standalone.since,
        standalone.until,
        standalone.source,
        answer.citations,
        answer.sentences,
        answer.form == "digest",
    )


def rewrite_follow_up(
    question: str, conversation: Conversation, as_of: datetime
) -> RewrittenQuestion:
    """Return a follow-up with the last turn's subject and range added, by rules.

    "and who paid for it?" after "How much did the Lantern Bridge cost?" becomes "who paid for
    Lantern Bridge?"; "what about Japan?" puts Japan in place of the last question's place.
    """
    last = conversation.last
    question = question.strip()
    if last is None:
        return RewrittenQuestion(question)
    bare = _ASIDE.sub("", question)
    if last.open:
        meant = _meant_of(last, bare)
        if meant is None:
            return RewrittenQuestion(question)
        last = meant
    else:
        last = _with_capitals(last)
    about = _WHAT_ABOUT.match(bare)
    if about:
        text = _swap_names(last.question, (about["new"] or about["place"]).strip())
    else:
        text = _fill_gaps(bare, last)
    inherits = read_time(question, as_of, UTC).phrase is None
    if inherits and last.since is None and last.until is None:
        text = _with_phrase(text, read_time(last.question, as_of, UTC).phrase)
    return RewrittenQuestion(
        text, True, last.since if inherits else None, last.until if inherits else None, last.source
    )


def inherit_time_range(
    standalone: RewrittenQuestion, last: Turn | None, question: str, as_of: datetime
) -> RewrittenQuestion:
    """Return a question that a model made standalone, with the last turn's range if it has no words
    for time."""
    if last is None or not standalone.changed or read_time(question, as_of, UTC).phrase is not None:
        return standalone
    return replace(standalone, since=last.since, until=last.until, source=last.source)


def _with_phrase(question: str, phrase: str | None) -> str:
    """Return a follow-up with the words for time of the question before it."""
    if phrase is None or phrase.lower() in question.lower():
        return question
    return f"{question.rstrip(' ?.')} {phrase}?"


def usable_rewrite(text: str, question: str, told: str) -> str | None:
    """Return a model's rewritten follow-up; None if it isn't usable: empty, a thought, an answer,
    or longer than the conversation in ``told`` could make it. A rewritten question may only use
    known words."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    line = _LABEL.sub("", lines[0].strip()).strip(" \"“”'*")
    longest = min(_LONGEST_REWRITE, len(question) + _LONGEST_ADDITION)
    if not 3 <= len(line) <= longest or "http" in line or len(sentences(line)) != 1:
        return None
    known = {word.casefold() for word in content_words(f"{question} {told}")}
    words = [word.casefold() for word in content_words(line)]
    new = sum(word not in known for word in words)
    return line if words and new <= _NEW_WORDS * len(words) and not is_decline(line) else None


def _swap_names(earlier: str, new: str) -> str:
    """Return the earlier question with ``new`` in place of its last name, or added to it."""
    names = _names(earlier)
    if not read_time(new, datetime(2000, 1, 1, tzinfo=UTC), UTC).rest.strip(" ,.?"):
        return f"{earlier.rstrip(' ?')} {new}?"  # "what about last week?"
    if not names:
        return f"{earlier.rstrip(' ?')} {new}?"
    head, _, tail = earlier.rpartition(names[-1])
    return f"{head}{new}{tail}"


def _fill_gaps(question: str, last: Turn) -> str:
    """Return ``question`` with its first pronoun replaced by its referent, or with the subject
    added."""
    pointing = _POINTS_AHEAD.sub(lambda match: " " * len(match[0]), question)
    for pattern, referent in ((_PERSON, _person), (_PLACE, _place), (_THING, _thing)):
        match = pattern.search(pointing)
        if match and not _WHOLE_EVENT.match(match[0]) and (name := referent(last)):
            if pattern is _PLACE:
                name = f"in {name}"
            if _POSSESSIVE.match(match[0]) and match[0].lower() != "her":
                name += "’s"
            filled = f"{question[: match.start()]}{name}{question[match.end() :]}"
            # A place that only the answer names isn't the subject; who it was is the answer's
            # word: in case it is wrong, the question's subject stays.
            known = name.removesuffix("’s").removeprefix("in ") in last.question
            told = pattern is not _PLACE and not _WHO.match(last.question)
            return filled if known or told else _with_subject(filled, last)
    return _with_subject(question, last)


def without_subject(question: str) -> str:
    """Return a rewritten follow-up without the words to search for that were added in brackets."""
    return _SUBJECT.sub("", question)


def _with_subject(question: str, last: Turn) -> str:
    words = {word.casefold(): word for word in reversed(content_words(last.question))}
    subject = " ".join(reversed(words.values()))
    return f"{question.rstrip(' ?')} ({subject})?" if subject else question


def _person(last: Turn) -> str | None:
    """Return the first full name without an article before it: of the question; of the answer if it
    shares a word with the question; of the answer."""
    own, told = _full_names(last.question), _full_names(last.answer)
    spoken_of = {word.lower() for word in last.question.split()}
    same = [name for name in told if spoken_of & set(name.lower().split())]
    return next(iter([*own, *same, *told, *_names(last.question)]), None)


@cache
def _not_names() -> frozenset[str]:
    return never_names().union(_BEFORE_NAMES, WEEKDAY_NAMES, MONTH_NAMES)


def _full_names(text: str) -> list[str]:
    found = []
    for name in _names(text):
        before = text[: text.index(name)].rstrip().lower()
        article = before.endswith((" the", " a", " an")) or before in {"the", "a"}
        if 2 <= len(name.split()) <= 4 and " and " not in name and not article:
            found.append(name)
    return found


def _place(last: Turn) -> str | None:
    for text in (last.question, last.answer):
        if found := re.findall(rf"\b(?:in|at|near|to|from) (?:the )?({_NAMES.pattern})", text):
            return str(found[-1])
    return next(reversed(_names(last.question)), None)


def _thing(last: Turn) -> str | None:
    """Return the first name of the question, or else what it is about; a topic as a whole."""
    name = next(iter(_names(last.question)), None) if _asks(last.question) else None
    return name or " ".join(content_words(last.question)) or None


def _meant_of(turn: Turn, question: str) -> Turn | None:
    """Return a turn for the sentence of a digest that ``question`` continues from; None if there is
    none.

    It is the one with most of the question's words, or the first one if the question only points
    back.
    """
    asked = set(content_words(question.lower()))
    told = [sentence.text for sentence in turn.sentences] or [turn.answer]
    shared, n = max(
        (len(asked & set(content_words(text.lower()))), -n) for n, text in enumerate(told)
    )
    points = any(pattern.search(question) for pattern in (_PERSON, _THING, _PLACE))
    if not shared and not points and len(asked) > 1:
        return None
    names = _names(told[-n])
    return replace(turn, question=names[0] if names else told[-n], answer=told[-n])


def _asks(text: str) -> bool:
    listed = question_words(question_language(text))
    return listed is None or listed.question.search(plainly(text)) is not None


def _with_capitals(turn: Turn) -> Turn:
    """Return the turn with the names of its question capitalised as in its answer: few people type
    capitals."""
    texts = [turn.answer, *(citation.quote for citation in turn.citations)]
    names = sorted({name for text in texts for name in _names(text)}, key=lambda n: (-len(n), n))
    question = turn.question
    for name in names:
        # Opening a sentence makes no name, and long words in all capitals are so for show.
        if (name.isupper() and len(name) > _LONGEST_ACRONYM) or not _stands_within(name, texts):
            continue
        question = re.sub(rf"(?<!\w){re.escape(name.lower())}(?!\w)", lambda _: name, question)  # noqa: B023
    return replace(turn, question=question)


def _stands_within(name: str, texts: Sequence[str]) -> bool:
    """Return whether a name occurs inside a sentence, where a capital sets it apart from other
    words."""
    within = re.compile(rf"[\w,;’'] {re.escape(name)}(?!\w)")
    return " " in name or any(within.search(text) for text in texts)


def _names(text: str) -> list[str]:
    found = []
    for match in _NAMES.finditer(text):
        words = match[0].split()
        while words and words[0].lower().rstrip(".,’'") in _not_names():
            words = words[1:]
        if words:
            found.append(" ".join(words))
    return found


def history(conversation: Conversation) -> str:
    """Return the turns as a prompt shows them."""
    turns: Sequence[Turn] = conversation.turns
    return "\n".join(
        f"Asked: {turn.question}\nAnswered: {turn.answer or 'not known'}" for turn in turns
    )
