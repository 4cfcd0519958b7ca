"""Publishers: which names mean the same one, and which one a question names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from retrieval.errors import Note
from retrieval.text.tokens import remove_span
from retrieval.web.outlets import carrier_of, registrable_domain

# Words that a publisher's name may lack, and parts of a host that don't distinguish.
_FILLERS = frozenset(
    ["the", "news", "online", "com", "co", "org", "net", "uk", "us", "website", "digital", "media"]
)
_SECOND_LEVEL = frozenset(["co", "com", "org", "net", "gov", "ac", "edu"])
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SPACED = re.compile(r"\S+")
_AROUND = ".,;:?!()“”\"'’‘"
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")

# A possible name in any case: the corpus decides whether it is one.
_NAME = r"(?P<name>(?:the )?[^\W_][\w.&'’-]*(?: (?:of |and |& )?[^\W_][\w.&'’-]*){0,4})"
_SAYS = "say|saying|said|report|reporting|reported|write|writing|written|publish|published|cover|covering|covered"
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf",? ?\b(?:according to|as reported by|reported by|as told by|cited by) {_NAME}",
        rf"\b(?:what|how|why|when|where|who|which)\b.{{0,40}}?\b(?:did|does|do|has|have|is|was|are) "
        rf"{_NAME.replace('{0,4}', '{0,4}?')} (?:{_SAYS})\b",
        rf"{_NAME}['’]s? (?:reports?|coverage|reporting)\b",
    )
)
_MOST_WORDS = 5
_BEGINNING = 3


@dataclass(frozen=True, slots=True)
class Publisher:
    """A publisher. ``name`` is as most articles write it, ``keys`` are all forms in the corpus, as
    ``source_key`` makes them, and ``articles`` is how many it has."""

    name: str
    keys: frozenset[str]
    articles: int


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A publisher that a question names, and the question without the words that name it."""

    publisher: Publisher
    rest: str


class Publishers:
    """The publishers of one corpus.

    ``names`` are pairs of what articles give as their source (a name, or else a host) and how
    often; ``hosts`` are pairs of a host and a name given there. Names that differ only in filler
    words (`BBC`, `BBC News`, `bbc.co.uk`) are one publisher, and so is a host that consists of a
    name's initials or on which the name is given. What one publisher carries of another (`Yahoo
    News, via Reuters`) belongs to the first.
    """

    def __init__(
        self, names: Iterable[tuple[str, int]], hosts: Iterable[tuple[str, str]] = ()
    ) -> None:
        groups: dict[str, list[tuple[str, int]]] = {}
        self._hosts = tuple(hosts)
        for name, count in names:
            groups.setdefault(_core(name), []).append((name, count))
        only_hosts = any(_all_hosts(members) for members in groups.values())
        for host, name in self._hosts if only_hosts else ():
            named = _core(name)
            if _is_host(name) or named not in groups:
                continue
            nameless = _core(registrable_domain(host))  # which first reads a long list
            if nameless == named:
                continue
            if nameless in groups and _all_hosts(groups[nameless]):
                groups[named] += groups.pop(nameless)
        for core in [core for core, members in groups.items() if _all_hosts(members)]:
            for other, members in groups.items():
                if other != core and not _all_hosts(members) and core in _initials(members):
                    members += groups.pop(core)
                    break
        self._by_core: dict[str, Publisher] = {}
        self._by_key: dict[str, Publisher] = {}
        self._by_initials: dict[str, Publisher] = {}
        for members in groups.values():
            best = carrier_of(
                max(members, key=lambda m: (not _is_host(carrier_of(m[0])), m[1], m[0]))[0]
            )
            keys = frozenset(source_key(name) for name, _ in members)
            publisher = Publisher(best, keys, sum(count for _, count in members))
            self._by_initials.update(dict.fromkeys(_initials(members), publisher))
            for name, _ in members:
                self._by_core[_core(name)] = publisher
                self._by_key[source_key(name)] = publisher
                self._by_key[source_key(carrier_of(name))] = publisher

        # How a name in a sentence may begin, with or without "the".
        self._beginnings = {
            word[:_BEGINNING]
            for key in (*self._by_core, *self._by_key, *self._by_initials)
            for word in (key, key.removeprefix("the ").removeprefix("www."))
        }

    def find(self, name: str) -> Publisher | None:
        """Return the publisher of that name or host; None if the corpus has none."""
        core = _core(name)
        return (
            self._by_key.get(source_key(name))
            or self._by_core.get(core)
            or self._by_initials.get(core)
        )

    def near(self, name: str) -> list[str]:
        """Return up to three names similar to ``name``."""
        known = {source_key(p.name): p.name for p in self._by_key.values()}
        close = get_close_matches(source_key(name), list({**known, **self._by_core}), 3, 0.5)
        found = [known.get(match) or self._by_core[match].name for match in close]
        return list(dict.fromkeys(found))

    def unknown(self, name: str) -> Note | None:
        """Return a note that nothing is from a source of that name, with the most similar names.
        None if the source exists, by name or host, or if no article has one."""
        if not self._by_key or self.find(name) or self._has_host(source_key(name)):
            return None
        if close := self.near(name):
            return Note("nothing-such-source-but", source=name, close=" / ".join(close))
        return Note("nothing-such-source", source=name)

    def _has_host(self, key: str) -> bool:
        key = key.removeprefix("www.")
        domains = {registrable_domain(host) for host, _ in self._hosts}
        keys = {source_key(domain).removeprefix("www.") for domain in domains}
        return any(key == each or key.endswith(f".{each}") for each in keys)

    def completions(self, typed: str) -> list[str]:
        """Return the names that contain all words of ``typed``: those that begin with it first,
        then by number of articles."""
        start, core = source_key(typed), _core(typed)
        words = start.split()
        begin, fitting = set[str](), dict[str, Publisher]()
        for key, publisher in [*self._by_key.items(), *self._by_core.items()]:
            if key.startswith(start) or (core and key.startswith(core)):
                begin.add(publisher.name)
            elif not all(word in key for word in words):
                continue
            fitting[publisher.name] = publisher
        ordered = sorted(fitting.values(), key=lambda p: (p.name not in begin, -p.articles, p.name))
        return [publisher.name for publisher in ordered]

    def named_in(self, question: str) -> NamedSource | None:
        """Return the publisher that ``question`` limits its answer to, as in `according to the
        BBC`, in upper or lower case; None if there is none."""
        for pattern in _NAMED:
            for match in pattern.finditer(question):
                words = match["name"].rstrip(".,").split()
                # The longest prefix that is a publisher: the match may go beyond the name.
                for count in range(len(words), 0, -1):
                    publisher = self._written(words[:count])
                    if publisher:
                        return NamedSource(publisher, _without(question, match, words[:count]))
        return None

    def spans_in(self, question: str) -> list[tuple[int, int]]:
        """Return the (start, end) offsets of publishers' names in ``question``, which are neither
        times nor topics.

        A name of one word counts only with a capital letter, and not as the first word.
        """
        words = list(_SPACED.finditer(question))
        spans = []
        for first in range(len(words)):
            begins = [word.group().strip(_AROUND).casefold() for word in words[first : first + 2]]
            if begins[begins[0] == "the" and len(begins) > 1][:_BEGINNING] not in self._beginnings:
                continue
            for last in range(min(first + _MOST_WORDS, len(words)), first, -1):
                name = [word.group().strip(_AROUND) for word in words[first:last]]
                telling = [word for word in name if word.casefold() not in _FILLERS]
                one = len(telling) < 2
                if one and (first == 0 or not telling or not telling[0][:1].isupper()):
                    continue
                if self._written(name):
                    spans.append((words[first].start(), words[last - 1].end()))
                    break
        return spans

    def _written(self, words: Sequence[str]) -> Publisher | None:
        """Return the publisher of that name as it stands in a sentence; a name without capitals
        only counts whole."""
        name = " ".join(words)
        if not _core(name):
            return None
        if any(word[:1].isupper() or word[:1].isdigit() for word in words):
            return self.find(name)
        key, bare = source_key(name), source_key(name).removeprefix("the ")
        core = _core(name)
        publisher = (
            self._by_key.get(key) or self._by_key.get(bare) or self._by_key.get(f"the {bare}")
        )
        return publisher or (self._by_core.get(core) if bare.replace(" ", "") == core else None)


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which articles are from a source: by the publisher that they name, or by their host."""

    name: str
    keys: frozenset[str]
    host: str | None = None

    def admits(self, key: str | None, host: str | None) -> bool:
        """Return whether an article with this ``source_key`` and host is from the source."""
        return key in self.keys or (self.host is not None and host == self.host)

    @property
    def terms(self) -> list[str]:
        """The values of ``source_key`` or host that articles of the source have, sorted."""
        return sorted(self.keys | ({self.host} if self.host else set()))

    @classmethod
    def of(cls, name: str, publisher: Publisher | None) -> SourceFilter:
        """Return the filter for ``name``; ``publisher`` is what ``Publishers.find`` returns for
        it."""
        host = source_key(name).removeprefix("www.") if _is_host(source_key(name)) else None
        keys = publisher.keys if publisher else frozenset({source_key(name)})
        return cls(publisher.name if publisher else name, keys, host)


def source_key(name: str) -> str:
    """Return the form in which publishers' names are compared: case-folded, with single spaces."""
    return " ".join(name.casefold().split())


def _without(question: str, match: re.Match[str], words: Sequence[str]) -> str:
    end = match.start("name") + len(" ".join(words))
    start = match.start() if match.end("name") == match.end() else match.start("name")
    return remove_span(question, start, end)


def _is_host(name: str) -> bool:
    return _HOST.fullmatch(name) is not None


def _all_hosts(members: Sequence[tuple[str, int]]) -> bool:
    return all(_is_host(carrier_of(name)) for name, _ in members)


def _core(name: str) -> str:
    """Return what distinguishes a publisher: letters and digits without filler words, in one
    word."""
    name = carrier_of(name).casefold().strip()
    if _is_host(name):
        labels = name.removeprefix("www.").split(".")
        labels = labels[: -2 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else -1]
        name = labels[-1]
        return name.removeprefix("the").removesuffix("news").replace("-", "") or name
    words = _WORD.findall(name)
    return "".join(word for word in words if word not in _FILLERS) or "".join(words)


def _initials(members: Sequence[tuple[str, int]]) -> set[str]:
    """Return the host labels that a name suggests: wsj, or nytimes with the last word in full."""
    found = set()
    for name, _ in members:
        words = [w for w in _WORD.findall(carrier_of(name).casefold()) if w not in _FILLERS]
        if len(words) > 1:
            found.add("".join(word[0] for word in words))
            found.add("".join(word[0] for word in words[:-1]) + words[-1])
    return found
