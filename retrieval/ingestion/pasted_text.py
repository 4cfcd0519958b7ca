"""Turn pasted text into article text: remove what came from the page around it, keep the article's
words.

The rules work on whole lines and paragraphs. No sentence is rewritten; inside a paragraph, only a
second copy of itself is removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from retrieval.extraction.text_cleanup import is_note, is_tail
from retrieval.extraction.wording import size, words
from retrieval.text.language import detect_language

_BLANK = re.compile(r"\n[ \t\u00a0\u200b]*(?:\n[ \t\u00a0\u200b]*)+")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"”’'»)\]」』]*$")
_NETWORKS = (
    r"facebook|twitter|x|linkedin|pinterest|whatsapp|reddit|telegram|e-?mail|copy link|link copied!?"
    r"|print|tumblr|flipboard|messenger|threads|bluesky|mastodon|instagram|youtube|tiktok|rss|sms|line"
)

# Lines that belong to the page wherever they stand. Each is matched against a whole line.
_FURNITURE = re.compile(
    rf"""(?:
      in\ this\ (?:article|story)
    | (?:click\ (?:here\ )?to\ )?share(?:\ (?:this|on|via|with))?(?:\ (?:post|article|story|page|{_NETWORKS}|friends))?
    | (?:{_NETWORKS}) | (?:share|follow\ us)\ (?:on|via|by)\ (?:{_NETWORKS}) | save(?:\ (?:article|story|for\ later))?
    | (?:story\ continues\ below\ )?advert(?:isement|isment|orial)?s?(?:\ -\ (?:scroll|continue).*)?
    | (?:article|story)\ continues\ (?:below|after).* | continue\ reading.{{0,60}} | scroll\ (?:down|for\ more).{{0,40}}
    | your\ ads?\ here.* | sponsored(?:\ (?:content|links?))? | promoted | paid\ content | \d+\s*x\s*\d+\s*(?:px|area)?
    | skip\ to\ (?:main\ )?(?:content|navigation) | (?:main\ |toggle\ )?(?:menu|navigation) | (?:close|open)\ menu
    | sign\ (?:in|up|out) | log\ ?(?:in|out) | (?:my\ )?account | register | subscribe(?:\ (?:now|today))? | donate
    | (?:accept|reject|manage)(?:\ all)?\ (?:cookies|preferences) | cookie\ (?:policy|settings|preferences)
    | print\ this\ (?:article|page|story) | listen\ to\ (?:this\ )?(?:article|story).{{0,30}} | text\ size | font\ size
    | \d+\ (?:min(?:ute)?s?\ read|shares?|comments?|views?|likes?) | (?:add|leave|post)\ a\ (?:comment|reply) | (?:no\ )?comments?
    | (?:back\ to|scroll\ to)\ top | load\ more | show\ more | read\ more | see\ (?:all|more) | view\ (?:all|more) | next | previous
    )\s*[:\-–|•»›→…]*""",
    re.IGNORECASE | re.VERBOSE,
)
# Headings after which a page speaks of other things. All that follows goes, if it holds no article.
_TAIL_HEADING = re.compile(
    r"""(?:
      (?:latest|top|more|breaking|trending|popular|related|recent|other|recommended|similar|must[- ]read|most\ read|most\ popular)
        \ (?:news|stories|posts?|articles?|videos?|coverage|headlines|reading|topics|now|from.{0,40}|on.{0,40}|in.{0,40})
    | you\ (?:may|might)\ also\ like.* | (?:recommended|more|picked)\ for\ you | what\ to\ read\ next | up\ next | read\ (?:next|also) | editors?['’]?s?\ picks?
    | trending | most\ (?:read|popular|viewed) | related | categories | tags | topics | archives? | about\ (?:us|the\ author) | contact(?:\ us)?
    | (?:subscribe|sign\ up)(?:\ (?:to|for))?(?:\ (?:our|the|my|a|your))?\ .{0,40}(?:newsletters?|mailing\ list|updates|alerts?|inbox).{0,60}
    | (?:get|receive)\ .{0,60}(?:newsletter|in\ your\ inbox|to\ your\ inbox).{0,60} | (?:our\ )?newsletters? | join\ (?:our|the)\ .{0,40}(?:newsletter|list|community)
    | follow\ us.* | (?:leave|post)\ a\ (?:comment|reply).* | comments?(?:\ \(\d+\))? | \d+\ comments?
    | privacy\ policy.* | terms\ (?:of|and)\ .* | all\ rights\ reserved.* | (?:©|\(c\)|copyright)\ .* | powered\ by\ .* | cookie\ .*
    | advertise(?:\ with\ us)? | careers | site\ ?map | quick\ links | useful\ links
    | share\ this\ (?:post|article|story|page).*
    )\s*[:\-–|•»›→…]*""",
    re.IGNORECASE | re.VERBOSE,
)
# Sentences of newsletter and consent boxes that stand between the paragraphs of an article.
_BOX = re.compile(
    r"""(?:
      (?:sign\ up|subscribe)\ (?:here\ )?(?:to|for|now)\b.{0,160}(?:newsletter|inbox|updates|alerts|briefing|podcast|e-?mails?)\b.{0,80}
    | (?:get|receive)\ .{0,120}(?:your\ inbox|newsletter)\b.{0,60}
    | (?:by\ (?:signing\ up|subscribing|clicking|submitting)).{0,200}(?:terms|privacy|agree|consent).{0,120}
    | (?:please\ )?enter\ (?:your|a\ valid)\ e-?mail.{0,60} | your\ e-?mail(?:\ address)?(?:\ will\ not\ be\ published.*)?
    | (?:we|this\ (?:web)?site)\ uses?\ cookies.{0,200} | (?:please\ )?(?:enable|turn\ on)\ javascript.{0,120}
    | thank\ you\ for\ (?:signing\ up|subscribing).{0,80}
    | (?:read\ more|read\ also|also\ read|see\ also|related|watch|watch\ now|more|don['’]t\ miss)\s?[:|–-]\s.{0,160}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = re.compile(r"[^\W\d_]+")
# Filler of fewer words is a label.
_FILLER_WORDS = 5
# Lines before a heading of the page that are no longer than this and no sentences are its labels.
_LONGEST_LABEL = 50
_MIN_PROSE_CHARS = 80


@dataclass(frozen=True, slots=True)
class PastedText:
    """The article in a pasted text. ``title`` is None if no line looks like one."""

    title: str | None
    text: str


def clean_pasted(raw: str) -> PastedText:
    """Extract the article from text that a person copied from a page.

    Remove what pages repeat around an article: a doubled lead, labels such as "In this article",
    share buttons, advertisement and newsletter boxes, menus before it and filler after it. Join
    lines wrapped at a fixed width. Nothing else in the article changes.
    """
    blocks: list[str] = []
    for part in _BLANK.split(raw.strip()):
        # "The biggest networks are:" announces a list of the article's own, whatever it holds.
        announced = bool(blocks) and blocks[-1].endswith(":") and _is_prose_line(blocks[-1])
        if block := part.strip() if announced else _clean_block(part):
            blocks.append(block)
    blocks = _without_filler(blocks)
    blocks = _without_head_menu(blocks)
    blocks = _without_tail(blocks)
    blocks = [_remove_duplicated_half(block) for block in blocks]
    blocks = [
        block for index, block in enumerate(blocks) if index == 0 or block != blocks[index - 1]
    ]
    title, body = _split_title(blocks)
    return PastedText(title, "\n\n".join(body))


def _clean_block(block: str) -> str:
    lines = [line.strip(" \t\u00a0\u200b\ufeff") for line in block.split("\n")]
    kept = [line for line in lines if line and not _FURNITURE.fullmatch(line)]
    kept = [line for line in kept if not (_BOX.fullmatch(line) or is_note(line))]
    return _unwrap(kept)


def _unwrap(lines: list[str]) -> str:
    """Join lines that were broken at a fixed width, not by meaning."""
    if len(lines) > 1:
        width = max(map(len, lines))
        wrapped = 40 <= width <= 130 and all(
            len(line) + 1 + len(following.split()[0]) > width * 0.85
            for line, following in pairwise(lines)
        )
        if wrapped:
            return " ".join(lines)
    return "\n".join(lines)


def _is_prose(block: str) -> bool:
    """A paragraph of an article: long enough, with the end of a sentence."""
    return (
        size(block) >= _MIN_PROSE_CHARS
        and any(_SENTENCE_END.search(line) for line in block.split("\n"))
        and not _is_tail_heading(block)
    )


def _is_prose_line(block: str) -> bool:
    return len(block.split("\n")[-1].split()) >= 4


def _without_filler(blocks: list[str]) -> list[str]:
    """Drop what designers put where text will stand: Latin in an article that is not Latin, and one
    sentence over and over. Told by what it is like, of whatever template it comes."""
    repeated = [_is_repeated(block) for block in blocks]
    strange = [again or _is_latin(block) for again, block in zip(repeated, blocks, strict=True)]
    own = " ".join(
        block for block, is_strange in zip(blocks, strange, strict=True) if not is_strange
    )
    if not _WORDS.search(own) or _is_latin(own):
        return blocks
    known = {word for word in words(own) if size(word) >= 4}
    return [
        block
        for block, is_strange, again in zip(blocks, strange, repeated, strict=True)
        if not is_strange or (not again and not known.isdisjoint(words(block)))
    ]


def _is_latin(block: str) -> bool:
    """Whether a text is likeliest Latin; lists of names, which look like it, are not."""
    found = _WORDS.findall(block)
    small = sum(word.islower() for word in found)
    if len(found) < _FILLER_WORDS or small < 0.75 * len(found) or re.search(r"\d", block):
        return False
    return detect_language(block) == "la"


def _is_repeated(block: str) -> bool:
    """Whether a block is one sentence, three times or more."""
    sentences = [each.strip() for each in re.split(r"(?<=[.!?。！？।])\s*", block) if each.strip()]
    return len(sentences) >= 3 and len(set(sentences)) == 1 and len(words(sentences[0])) >= 3


def _is_short(line: str) -> bool:
    return len(line.split()) <= 3 and len(line) <= 30 and not _SENTENCE_END.search(line)


def _is_label(line: str) -> bool:
    return size(line) <= _LONGEST_LABEL and not _SENTENCE_END.search(line)


def _without_head_menu(blocks: list[str]) -> list[str]:
    """Drop a menu before the article: three or more lines of a few words each, then prose."""
    first_prose = next((i for i, block in enumerate(blocks) if _is_prose(block)), None)
    if not first_prose:
        return blocks
    lines = [line for block in blocks[:first_prose] for line in block.split("\n")]
    if sum(map(_is_short, lines)) < 3:
        return blocks
    head = [
        kept
        for block in blocks[:first_prose]
        if (kept := "\n".join(line for line in block.split("\n") if not _is_short(line)))
    ]
    return head + blocks[first_prose:]


def _without_tail(blocks: list[str]) -> list[str]:
    """Drop what follows the article.

    A tail begins at a heading of ``_TAIL_HEADING`` after the first prose, if little prose follows.
    What stands between the last prose and the end goes too if it is a run of short lines.
    """
    prose = [_is_prose(block) for block in blocks]
    if not any(prose):
        return blocks
    lines_of = [block.split("\n") for block in blocks]
    for index in range(prose.index(True) + 1, len(blocks)):
        heading = next(
            (n for n, line in enumerate(lines_of[index]) if _is_tail_heading(line)), None
        )
        if heading is None or prose[index]:
            continue
        prose_after = sum(
            len(block)
            for block, is_prose in zip(blocks[index + 1 :], prose[index + 1 :], strict=True)
            if is_prose
        )
        prose_before = sum(
            len(block)
            for block, is_prose in zip(blocks[:index], prose[:index], strict=True)
            if is_prose
        )
        runs_out = not any(prose[index + 1 :])
        if runs_out or (prose_after < 0.15 * prose_before and _is_page_tail(blocks[index + 1 :])):
            kept = "\n".join(lines_of[index][:heading])
            return _without_labels([*blocks[:index], *([kept] if kept else [])])
    return _without_trailing_labels(blocks)


def _is_tail_heading(line: str) -> bool:
    return bool(_TAIL_HEADING.fullmatch(line)) or is_tail(line)


def _is_page_tail(blocks: list[str]) -> bool:
    """More headings and labels than paragraphs: other stories' teasers, not the article going on."""
    labels = sum(not _is_prose(block) for block in blocks)
    return labels > len(blocks) - labels


def _without_labels(blocks: list[str]) -> list[str]:
    """Drop the labels that stand between an article and the heading of something else."""
    while len(blocks) > 1 and all(_is_label(line) for line in blocks[-1].split("\n")):
        blocks = blocks[:-1]
    return blocks


def _without_trailing_labels(blocks: list[str]) -> list[str]:
    end = len(blocks)
    while end and all(_is_short(line) for line in blocks[end - 1].split("\n")):
        end -= 1
    # One short closing line may be the article's own; a run of them is furniture.
    labels = sum(len(block.split("\n")) for block in blocks[end:])
    return blocks[:end] if labels >= 2 else blocks


def _remove_duplicated_half(block: str) -> str:
    """``X X`` is ``X``: pages show a lead twice, as standfirst and as first paragraph."""
    for gap in ("", " ", "\n"):
        half, odd = divmod(len(block) - len(gap), 2)
        doubled = odd == 0 and block[:half] == block[half + len(gap) :]
        if half >= 40 and doubled and block[half : half + len(gap)] == gap:
            return block[:half].rstrip()
    return block


def _split_title(blocks: list[str]) -> tuple[str | None, list[str]]:
    """The first line is the title if it is short, no sentence, and something follows it."""
    if not blocks:
        return None, []
    first, *rest_of_block = blocks[0].split("\n")
    follows = bool(rest_of_block) or len(blocks) > 1
    if follows and len(first) <= 250 and not re.search(r"[.…:;,。।،；：][\"”’»」』]*$", first):
        rest = "\n".join(rest_of_block)
        return first, [*([rest] if rest else []), *blocks[1:]]
    return None, blocks
