"""An article as it is posted to a channel, with the template that moderators chose."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import discord

from bot.i18n import Say
from bot.storage.feed_posts import FeedPost
from bot.ui.answers import timestamp
from bot.ui.escaping import cut, link, plain
from bot.ui.pages import ANSWER, Page
from retrieval.catalogue.arrivals import ShownArticle
from retrieval.text.sentences import sentences

# How many characters of the text are shown, in whole sentences if they fit.
_SHOWN = {"headline": 0, "teaser": 280, "opening": 900}
_MARK = 8  # characters of an id


def mark_of(post_id: str) -> str:
    """Return what a message's footer contains, by which it is recognized."""
    return post_id[:_MARK]


def post_page(
    article: ShownArticle, template: str, mark: str, say: Say, *, pictures: bool = False
) -> Page:
    """Return an article: its title as a link, publisher and date, as much text as ``template`` has,
    and its picture if ``pictures`` are wanted."""
    reference = article.article
    about = [plain(reference.source or "", 60), timestamp(reference.published_at)]
    lines = [f"### {link(reference.title, reference.url, 200)}"]
    if words := beginning(article.text, _SHOWN.get(template, 0)):
        lines.append(plain(words))
    if said := " · ".join(part for part in about if part):
        lines.append(f"-# {said}")
    embed = discord.Embed(description="\n".join(lines), colour=ANSWER)
    if pictures and article.picture_url is not None:
        # Beside a headline there is only room for a thumbnail.
        if template == "headline":
            embed.set_thumbnail(url=article.picture_url)
        else:
            embed.set_image(url=article.picture_url)
    embed.set_footer(text=say("footer-id", id=mark))
    return Page(embed, articles=(reference.article_id,))


def beginning(text: str, most: int) -> str:
    """Return the first sentences of a text that fit into ``most`` characters; the first one cut if
    it is longer."""
    if most <= 0:
        return ""
    found = [" ".join(sentence.split()) for sentence in sentences(text[: 4 * most])]
    whole = sum(length <= most for length in accumulate(len(each) + 1 for each in found))
    return " ".join(found[:whole]) if whole else cut(found[0], most) if found else ""


def post_name(post: FeedPost, feeds: Mapping[int, str], say: Say) -> str:
    """Return what is posted, without markup: a feed, a topic, both, or all feeds."""
    names = []
    if post.feed_id is not None:
        names.append(feeds.get(post.feed_id, say("post-of-removed-feed")))
    if post.topic is not None:
        names.append(say("post-of-topic", topic=post.topic))
    return " · ".join(names) or say("post-of-all")


def post_lines(post: FeedPost, feeds: Mapping[int, str], say: Say) -> str:
    """Return a post as moderators see it: what goes where, how, and within which limits."""
    head = f"**{post.id}** · <#{post.channel_id}> · {plain(post_name(post, feeds, say), 150)}"
    if post.ended_at is not None:
        return f"{head}\n-# {say('post-line-ended', why=post.ended_why or '')}"
    how = [say(f"post-each-{post.each}"), say(f"post-template-{post.template}")]
    if post.role_id is not None:
        how.append(f"<@&{post.role_id}>")
    if post.publish:
        how.append(say("post-line-publish"))
    if post.paused:
        how.insert(0, say("post-line-paused"))
    lines = [head, f"-# {' · '.join(how)}"]
    if bounds := _bounds(post, say):
        lines.append(f"-# {' · '.join(bounds)}")
    for key, words in (("feed-include", post.include), ("feed-exclude", post.exclude)):
        if words:
            lines.append(f"-# {say(key, words=plain(', '.join(words), 200))}")
    return "\n".join(lines)


def _bounds(post: FeedPost, say: Say) -> list[str]:
    found = []
    if post.settle_minutes:
        found.append(say("post-line-settle", count=post.settle_minutes))
    if post.most_a_day is not None:
        found.append(say("post-line-most", count=post.most_a_day))
    if post.quiet_from is not None and post.quiet_until is not None:
        first, last = (f"{m // 60:02}:{m % 60:02}" for m in (post.quiet_from, post.quiet_until))
        found.append(say("post-line-quiet", start=first, end=last, zone=post.zone))
    return found
