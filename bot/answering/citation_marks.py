"""Bring the ways in which models write citations into one form: ``[1][2]``."""

from __future__ import annotations

import re

# Words for a passage, in the languages that models answer in.
_WORD = (
    r"(?:sources?|passages?|articles?|refs?\.?|references?|documents?|docs?|citations?|snippets?|excerpts?|quellen?"
    r"|passagen?|artikeln?|absatz|fuentes?|pasajes?|artículos?|sources?|источник(?:и|а|ов)?|отрыв(?:ок|ки|ка|ков)|стать(?:я|и|ей)"
    r"|المصدر|المصادر|الفقرة|الفقرات|来源|段落|文章|kaynak|kaynaklar|pasaj|makale|स्रोत|अनुच्छेद|लेख)"
)
_BETWEEN = r"\s*(?:,|;|-|–|—|&|\band\b|\bund\b|\by\b|\bet\b|\bи\b|و|和|、|，|\bve\b|और)\s*"
_LIST = rf"\d{{1,3}}(?:{_BETWEEN}(?:{_WORD}\s*)?(?:\[\s*)?\d{{1,3}})*"
_NAMED = rf"{_WORD}\s*(?:no\.?|number|nr\.?)?[\s:#=\"]*"
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN_DIGITS = str.maketrans(_SUPERSCRIPT, "0123456789")

_CERTAIN = re.compile(
    rf"(?:\\?\[){{1,2}}\s*[\^#]?(?:{_NAMED})?(?P<square>{_LIST})\s*(?:†[^\]\n]{{0,40}}|,\s*(?:p|para|line)\.?\s*\d+)?\s*(?:\\?\]){{1,2}}(?:\((?:#|https?:)[^)\s]{{0,200}}\))?"
    rf"|[【〔［]\s*(?:{_NAMED})?(?P<wide>{_LIST})\s*(?:†[^】〕］\n]{{0,40}})?\s*[】〕］]"
    rf"|<sup>\s*\[?(?P<raised>{_LIST})\]?\s*</sup>"
    rf"|[(（]\s*(?:see\s+|siehe\s+|cf\.\s*)?{_NAMED}(?P<named>{_LIST})\s*[)）]"
    rf"|[(（]\s*\[(?P<double>{_LIST})\]\s*[)）]",
    re.IGNORECASE,
)
# Numbers in parentheses and superscripts may be something else.
_POSSIBLE = re.compile(
    rf"(?P<before>\S)(?P<space>\s*)[(（]\s*(?P<round>{_LIST})\s*[)）]|(?P<unit>[^\W_]*)(?P<super>[{_SUPERSCRIPT}]+(?:[,ʼ˒][{_SUPERSCRIPT}]+)*)"
)
_UNITS = frozenset(["m", "cm", "mm", "km", "ft", "in", "mi", "dm", "x", "e"])
_NUMBER = re.compile(r"\d{1,3}")
_RANGE = re.compile(r"(\d{1,3})\s*[-–—]\s*(\d{1,3})")
_LONGEST_RANGE = 20
# The end of a text that may become a mark.
_BEGUN = re.compile(
    rf"\s*(?:\\|(?:\\?\[){{1,2}}[^\]\n]{{0,40}}\\?\]?(?:\([^)\s]{{0,60}})?|[【〔［][^】〕］\n]{{0,40}}|[(（][\d\s,;\[–-]{{0,20}}|[(（](?:see\s+)?[A-Za-z]{{1,10}}\s?\d{{0,3}}|<(?:s(?:u(?:p(?:>(?:(?!</sup>)[^\n]){{0,26}})?)?)?)?|[{_SUPERSCRIPT},]+)?$",
    re.IGNORECASE,
)

CANONICAL = re.compile(r"\s*\[\d{1,3}\]")


def with_plain_marks(text: str, passages: int) -> str:
    """Return ``text`` with every citation as ``[1]``; ``passages`` is how many there are to
    cite."""
    text = _CERTAIN.sub(_plain, text)

    def possible(match: re.Match[str]) -> str:
        if match["round"]:
            numbers = _numbers(match["round"])
            if match["before"] in ".!?:" and match["space"] and not _ends(text, match.end()):
                return match[0]  # "(1)" of a list
            written = match["before"] + match["space"]
        else:
            raised = match["super"].translate(_PLAIN_DIGITS)
            if match["unit"].lower() in _UNITS or match["unit"][-1:].isdigit():
                return match[0]
            numbers = _numbers(raised)
            if any(n > passages for n in numbers):
                numbers = [int(digit) for digit in raised if digit.isdigit()]
            written = match["unit"]
        if not all(1 <= n <= passages for n in numbers):
            return match[0]
        return written + "".join(f"[{n}]" for n in numbers)

    return _POSSIBLE.sub(possible, text)


def mark_begun(text: str) -> int:
    """Return the offset of a mark that may have begun at the end of ``text``; its length if there
    is none."""
    match = _BEGUN.search(text)
    return match.start() if match else len(text)


def _ends(text: str, place: int) -> bool:
    return not re.match(r"\s*\w", text[place:])


def _plain(match: re.Match[str]) -> str:
    listed = next(each for each in match.groups() if each)
    return "".join(f"[{n}]" for n in _numbers(listed))


def _numbers(listed: str) -> list[int]:
    if (ranged := _RANGE.fullmatch(listed.strip())) and int(ranged[1]) <= int(ranged[2]):
        first, last = int(ranged[1]), int(ranged[2])
        return list(range(first, min(last, first + _LONGEST_RANGE) + 1))
    return list(dict.fromkeys(int(number) for number in _NUMBER.findall(listed)))


_ABOUT = (
    r"(?:the\s+|these\s+|this\s+)?(?:given\s+|provided\s+|above\s+|available\s+|cited\s+|following\s+|supplied\s+)*"
    r"(?:passages?|articles?|excerpts?|snippets?|documents?|texts?|context|sources?|information)(?:\s+(?:above|below|provided|given))?"
)
_NUMBERED = rf"(?:{_WORD}\s*#?\s*(?P<lead>\d{{1,3}}(?:{_BETWEEN}\d{{1,3}})*))"
# What precedes a statement and only says where it is from.
_LEADS = re.compile(
    rf"^(?:(?:(?:as\s+(?:stated|reported|mentioned|noted|described)\s+(?:in|by)|according\s+to|based\s+on|per|from|in)\s+(?:{_NUMBERED}|{_ABOUT})\s*[,:]\s*)"
    rf"|(?:{_NUMBERED.replace('lead', 'teller')}|the\s+(?:passages?|excerpts?|snippets?|provided\s+\w+)|passages?)\s+(?:\w+ly\s+)?(?:says?|states?|reports?|mentions?|notes?|indicates?|shows?|explains?|tells?(?:\s+us)?|confirms?)\s+(?:that\s+)?"
    rf"|{_NUMBERED.replace('lead', 'label')}\s*[:–-]\s*"
    r"|the\s+(?:passages?|excerpts?|answers?)\s+(?:is|are)\s*:\s*"
    r"|(?:laut|gemäß|nach|basierend auf)\s+(?:den\s+|dem\s+|der\s+)?(?:vorliegenden\s+|bereitgestellten\s+|angegebenen\s+)?(?:passagen?|artikeln?|texten?|quellen?)\s*,\s*"
    r"|(?:según|de acuerdo con|basado en)\s+(?:los?\s+|las?\s+|el\s+)(?:pasajes?|artículos?|textos?|fuentes?)(?:\s+proporcionad[oa]s)?\s*,\s*"
    r"|(?:d'après|selon|sur la base de)\s+(?:les?\s+|la\s+)?(?:passages?|articles?|textes?|sources?)(?:\s+fournis)?\s*,\s*"
    r"|(?:согласно|судя по|исходя из)\s+(?:предоставленным\s+|данным\s+)?(?:отрывкам|статьям|текстам|источникам|отрывков|статей|текстов)\s*,\s*"
    r"|(?:根据|依据|据)(?:所?(?:提供|给出)的?)?(?:这些)?(?:文章|段落|资料|文本|来源)(?:内容)?[，,]\s*"
    r"|(?:وفقاً|وفقًا|بحسب|استناداً إلى)\s*(?:لل|ال)?\w+\s*[،,]\s*|\w+(?:lere|lara)\s+göre\s*,\s*|\w+ के अनुसार\s*,\s*)",
    re.IGNORECASE,
)
_TRAILS = re.compile(
    rf"\s*[,(–-]?\s*(?:as\s+)?(?:stated|reported|mentioned|noted|described|said|according\s+to|per|see|source)\s*(?:in|by|:)?\s*{_NUMBERED}\s*\)?(?=[.!?]?$)",
    re.IGNORECASE,
)


def without_reference(sentence: str, passages: int) -> tuple[str, list[int]]:
    """Return a sentence without references to passages ("Based on the passages,", "Passage 2 says
    that"), and the numbers in them."""
    found: list[int] = []
    for pattern in (_LEADS, _TRAILS):
        match = pattern.search(sentence)
        if match is None or len(match[0]) == len(sentence):
            continue
        listed = [each for each in match.groups() if each]
        numbers = [n for each in listed for n in _numbers(each)]
        if any(n > passages for n in numbers):
            continue
        found += numbers
        sentence = sentence[: match.start()] + sentence[match.end() :]
        if pattern is _LEADS and sentence[:1].islower():
            sentence = sentence[0].upper() + sentence[1:]
    return sentence, found
