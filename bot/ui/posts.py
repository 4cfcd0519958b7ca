"""An article as it is posted to a channel, by the template that moderators chose."""

from __future__ import annotations

from itertools import accumulate

import discord

from bot.i18n import Say
from bot.ui.answers import timestamp
from bot.ui.escaping import cut, link, plain
from bot.ui.pages import ANSWER, Page
from retrieval.catalogue.arrivals import ShownArticle
from retrieval.text.sentences import sentences

TEMPLATES = ("headline", "teaser", "opening")
# Characters of the text that are shown; whole sentences where they fit.
_SHOWN = {"headline": 0, "teaser": 280, "opening": 900}
_MARK = 8  # characters of an id


def mark_of(post_id: str) -> str:
    """What stands in a message's footer, by which it is known again."""
    return post_id[:_MARK]


def post_page(article: ShownArticle, template: str, mark: str, say: Say) -> Page:
    """Show an article: its title as a link, publisher and date, and as much of it as ``template``
    has."""
    reference = article.article
    about = [plain(reference.source or "", 60), timestamp(reference.published_at)]
    lines = [f"### {link(reference.title, reference.url, 200)}"]
    if words := beginning(article.text, _SHOWN.get(template, 0)):
        lines.append(plain(words))
    if said := " · ".join(part for part in about if part):
        lines.append(f"-# {said}")
    embed = discord.Embed(description="\n".join(lines), colour=ANSWER)
    embed.set_footer(text=say("footer-id", id=mark))
    return Page(embed, articles=(reference.article_id,))


def beginning(text: str, most: int) -> str:
    """The first sentences of a text that are at most ``most`` characters long together; the first
    alone, cut, if it is longer."""
    if most <= 0:
        return ""
    found = [" ".join(sentence.split()) for sentence in sentences(text[: 4 * most])]
    whole = sum(length <= most for length in accumulate(len(each) + 1 for each in found))
    return " ".join(found[:whole]) if whole else cut(found[0], most) if found else ""
