"""Remove lines of an extracted text that aren't the article's."""

from __future__ import annotations

import re

from retrieval.extraction.wording import begins, fold, holds, phrases_of, size, starts, words

# Lines about the page or the newsroom, each matched whole.
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
# After one of these alone on its line, a page lists other stories.
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
_PARAGRAPH = 80
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"”’»“)\]」』]*$")
_NETWORK = re.compile(
    r"\b(?:twitter|facebook|instagram|linkedin|youtube|whatsapp|telegram|tiktok|mastodon|threads|bluesky|pinterest|flipboard|google (?:news|nachrichten|actualités|noticias)|вконтакте|телеграм|дзен|одноклассник)|فيسبوك|تويتر|واتساب|تيليجرام|تلغرام|यूट्यूब|फेसबुक|इंस्टाग्राम|ट्विटर|व्हाट्सएप|वॉट्सऐप|टेलीग्राम|微信|微博|公众号|抖音|微信公众|臉書|脸书|フェイスブック|ツイッター|インスタグラム|ユーチューブ|페이스북|트위터|유튜브|인스타그램|카카오톡|네이버|إنستغرام|انستغرام|يوتيوب|تليغرام|інстаграм|фейсбук|инстаграм"
)


def trim(text: str, headlines: list[str], names: tuple[str, ...] = ()) -> str:
    """Remove the headline from the top, notes from anywhere, and other stories from the end.
    ``names`` are the authors, whose byline is removed too."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    lines = _without_headline(lines, headlines)
    lines = _without_tail(lines)
    kept = [line for line in lines if size(line) > _SHORT or not is_note(line)]
    return "\n".join(_without_names(kept, names)) if kept else "\n".join(lines)


def is_note(line: str) -> bool:
    """Return whether a line is about the page, the newsroom or another article, in one of many
    languages."""
    if _NOTE.fullmatch(line):
        return True
    long = size(line)
    if long > _SHORT:
        return False
    folded = fold(line)
    bare = folded.strip(" -–—*_[]()|:：»›→")
    if bare in phrases_of("advertisement") or (long <= 200 and begins("related", line)):
        return True
    if long <= 200 and starts("desk", line) and (":" in line or "：" in line or long <= 120):
        return True
    if folded.startswith(("©", "(c)")) or (long <= 250 and _is_copyright(folded)):
        return True
    if long <= 160 and (_is_credit(line) or begins("tags", line)):
        return True
    if (
        long <= _SHORT
        and _first_words("newsletter_ask", folded)
        and holds("newsletter_paper", folded)
    ):
        return True
    return long <= 200 and bool(_NETWORK.search(folded)) and _first_words("follow", folded)


def is_tail(line: str) -> bool:
    """Return whether a page turns to other things after a line like this."""
    if _TAIL.fullmatch(line):
        return True
    return size(line) <= 60 and (begins("related", line) == "" or begins("comments", line) == "")


def _is_copyright(folded: str) -> bool:
    """Return whether a folded line is a copyright notice; the word alone counts only at the
    beginning of a line with a year."""
    found = holds("copyright", folded)
    if any(" " in phrase or (not phrase.isascii() and size(phrase) >= 10) for phrase in found):
        return True
    return any(folded.startswith(phrase) for phrase in found) and bool(re.search(r"\d{4}", folded))


def _first_words(kind: str, folded: str) -> bool:
    """Return whether a phrase of a kind is among the first words, as in a sentence that asks for
    something."""
    return bool(holds(kind, folded[: max(40, len(folded) // 2)]))


def _is_credit(line: str) -> bool:
    """Recognize ``Foto: dpa`` and ``写真：共同``: a label of pictures and a few words that aren't a
    sentence."""
    rest = begins("picture", line)
    return (
        bool(rest) and size(rest or "") <= 100 and not re.search(r"[.!?。！？।]\s*\S", rest or "")
    )


def _without_headline(lines: list[str], headlines: list[str]) -> list[str]:
    wanted = [words(each) for each in headlines]
    for place in range(min(3, len(lines) - 1)):
        has = words(lines[place])
        if len(has) >= 2 and any(has == each or _most_of(has, each) for each in wanted):
            return lines[:place] + lines[place + 1 :]
    return lines


def _most_of(line: list[str], headline: list[str]) -> bool:
    """Return whether a line is the headline with a site's name or a section at its end, or cut."""
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
        if place and before >= 0.4 * total and is_tail(line):
            # A note between paragraphs: the article goes on after it.
            if is_note(line) and any(map(_is_paragraph, lines[place + 1 :])):
                continue
            return lines[:place]
        before += len(line)
    return lines


def _is_paragraph(line: str) -> bool:
    return size(line) >= _PARAGRAPH and bool(_SENTENCE_END.search(line)) and not is_note(line)


def _without_names(lines: list[str], names: tuple[str, ...]) -> list[str]:
    """Remove the byline where it is alone at the top or the end."""
    known = {" ".join(words(name)) for name in names}

    def is_name(line: str) -> bool:
        return len(line) < 80 and " ".join(words(line)).removeprefix("by ") in known

    while len(lines) > 1 and is_name(lines[0]):
        lines = lines[1:]
    while len(lines) > 1 and is_name(lines[-1]):
        lines = lines[:-1]
    return lines
