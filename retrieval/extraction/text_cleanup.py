"""Lines of an extracted text that are not the article's."""

from __future__ import annotations

import re

from retrieval.extraction.metadata import words

# Lines that are about the page or the desk, each matched whole.
_NOTE = re.compile(
    r"""[(\[*_\s—–-]*(?:
      (?:additional\ |writing\ and\ )?(?:reporting|writing|editing|compiled)\ by\ [^.]{3,200}(?:[;,]\s*(?:\w+\ )?(?:editing|writing|reporting)\b.{3,120})?\.?
    | (?:read\ more|read\ also|also\ read|read\ next|see\ also|see\ more|related(?:\ (?:stories|articles?|coverage|links?|news|video|content))?|recommended|watch(?:\ now)?|more|don['’]t\ miss|más|leia\ (?:mais|também)|lee\ también|lire\ aussi|à\ lire\ aussi|lesen\ sie\ auch|mehr\ zum\ thema|baca\ juga|lees\ ook|leggi\ anche)\s?[:|–—-]\s?.{0,200}
    | (?:click|tap)\ here\b.{0,120} | (?:get|download)\ (?:the|our)\ .{0,60}\bapp\b.{0,60}
    | (?:sign\ up|subscribe)\b.{0,200}\b(?:newsletters?|inbox|updates|alerts|briefing|podcast|e-?mails?)\b.{0,120}
    | (?:get|receive)\ .{0,160}(?:your\ inbox|newsletter)\b.{0,80}
    | (?:follow|like|join|find|connect\ with|reach|contact|e-?mail|tweet)\ .{0,140}\b(?:on|at|via|in)\ (?:twitter|facebook|instagram|linkedin|youtube|whatsapp|telegram|tiktok|mastodon|threads|bluesky|pinterest|flipboard|google\ news)\b.{0,160}
    | (?:follow|see|find|read)\ .{0,40}\b(?:full\ )?coverage\b.{0,80}https?:\S+ | (?:more|online|for\ more)\b.{0,60}:?\ (?:and\ )?https?:\S+(?:\ and\ \S+)?
    | .{0,80}(?:\ on\ twitter)?\ (?:can\ be\ reached|can\ be\ followed)\ (?:at|on)\ .{0,120}
    | (?:©|\(c\)|copyright\b)\s.{0,200} | all\ rights\ reserved.{0,120}
    | this\ material\ may\ not\ be\ published,\ broadcast.{0,120}
    | (?:story\ continues|article\ continues|continue\ reading|scroll\ (?:down|for))\b.{0,60} | advertisement(?:\ -.{0,40})? | sponsored(?:\ content)?
    | (?:image|photo|picture|foto|photograph|video)(?:\ (?:credit|source|by|courtesy(?:\ of)?))?\s?[:/©]\s?.{0,120} | (?:getty\ images|ap\ photo|reuters|afp|shutterstock|file\ photo)
    | (?:share|tweet|pin|print|e-?mail|save)(?:\ (?:this|on|via)\b.{0,40})? | (?:published|updated|posted|last\ (?:updated|modified))\s?(?:on|at|:)?\s.{0,60}\d{4}.{0,30}
    | (?:tags?|filed\ under|topics?|categories|keywords)\s?:\s.{0,200} | by\ (?:[A-Z][\w.'’-]+\ ?){1,4}
    )[)\]*_\s]*""",
    re.IGNORECASE | re.VERBOSE,
)
# After one of these alone on its line, a page speaks of other stories.
_TAIL = re.compile(
    r"""(?:
      (?:latest|top|more|breaking|trending|popular|related|recent|other|recommended|similar|must[- ]read|most\ read|most\ popular|partner)
        \ (?:news|stories|posts?|articles?|videos?|coverage|headlines|reading|topics|from.{0,40}|in.{0,40})
    | most\ (?:read|popular|viewed).{0,30} | you\ (?:may|might)\ (?:also\ )?(?:like|be\ interested).{0,30} | (?:recommended|more|picked)\ for\ you | what\ to\ read\ next | read\ (?:next|also)
    | editors?['’]?s?\ picks? | related | comments?(?:\ \(\d+\))? | \d+\ comments? | (?:leave|post|add)\ a\ (?:comment|reply).* | (?:about|meet)\ the\ authors?
    | share\ this(?:\ .{0,20})? | follow\ us.{0,60} | advertisement | join\ the\ (?:conversation|discussion)
    )\s*[:»›→…]*""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORT = 300


def trim(text: str, headlines: list[str], names: tuple[str, ...] = ()) -> str:
    """Drop the headline from the top, notes from anywhere, other stories from the end."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    lines = _without_headline(lines, headlines)
    lines = _without_tail(lines)
    kept = [line for line in lines if len(line) > _SHORT or not _NOTE.fullmatch(line)]
    return "\n".join(_without_names(kept, names)) if kept else "\n".join(lines)


def _without_headline(lines: list[str], headlines: list[str]) -> list[str]:
    wanted = [words(each) for each in headlines]
    for place in range(min(3, len(lines) - 1)):
        has = words(lines[place])
        if len(has) >= 2 and any(has == each or _most_of(has, each) for each in wanted):
            return lines[:place] + lines[place + 1 :]
    return lines


def _most_of(line: list[str], headline: list[str]) -> bool:
    """A headline with a site's name or a section at its end, or one that was cut."""
    shared = len(set(line) & set(headline))
    return (
        len(line) <= 30
        and shared >= 0.85 * len(set(line))
        and shared >= 0.6 * len(set(headline))
        and len(line) >= 4
    )


def _without_tail(lines: list[str]) -> list[str]:
    total = sum(map(len, lines))
    before = 0
    for place, line in enumerate(lines):
        if place and before >= 0.4 * total and _TAIL.fullmatch(line):
            return lines[:place]
        before += len(line)
    return lines


def _without_names(lines: list[str], names: tuple[str, ...]) -> list[str]:
    """The byline, where it stands alone at the top or the end."""
    known = {" ".join(words(name)) for name in names}

    def is_name(line: str) -> bool:
        return len(line) < 80 and " ".join(words(line)).removeprefix("by ") in known

    while len(lines) > 1 and is_name(lines[0]):
        lines = lines[1:]
    while len(lines) > 1 and is_name(lines[-1]):
        lines = lines[:-1]
    return lines
