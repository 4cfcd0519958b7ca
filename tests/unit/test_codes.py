"""Every code that is raised, noted or said anywhere has a text, with the parameters it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import NamedTuple, get_args

from bot.answering.models import Reason
from bot.i18n import LANGUAGES, REMEDY, translator_for
from bot.i18n.catalogues import DOMAINS, load
from bot.storage.guild_settings import GuildSettings
from bot.ui.moderation import action_words
from retrieval.catalogue.audit_pages import _STATUSES
from retrieval.extraction.worker_process import Kind
from retrieval.feeds.item_filter import Verdict
from tests.unit.source_files import ROOT, modules, nodes, text_of

_SOURCES = modules("bot", "retrieval")
# What an error keeps beside its parameters.
_OWN = {"retry", "status", "retry_after", "wait", "limit"}
# Codes that functions return, by function, and those that are made of a part.
_RETURNED = {"classify_non_article", "_listing", "reservation", "why_worse"}
_MADE = {
    "job-state-{}": [
        f"job-state-{s}" for s in ("done", "failed", "cancelled", "queued", "running")
    ],
    "item-{}": [f"item-{v}" for v in get_args(Verdict)],
    "why-{}": [f"why-{reason}" for reason in get_args(Reason)],
    "note-{}-quoted": [f"note-{what}-quoted" for what in ("summary", "digest", "timeline")],
    "setting-{}-between": ["setting-integer-between", "setting-number-between"],
    "setting-{}-from": ["setting-integer-from", "setting-number-from"],
    "{}-timeout": [f"{kind}-timeout" for kind in get_args(Kind)],
    "{}-malformed": [f"{kind}-malformed" for kind in get_args(Kind)],
}
_WORDS = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class Raised(NamedTuple):
    code: str
    params: frozenset[str] | None
    where: str


def _error_names() -> set[str]:
    """The error classes, also those that modules of their own add."""
    names = {"Note", "NewsdeskError", "UserError"}
    classes = [node for p in _SOURCES for node in nodes(p) if isinstance(node, ast.ClassDef)]
    while True:
        more = {
            node.name
            for node in classes
            if any(getattr(base, "id", getattr(base, "attr", "")) in names for base in node.bases)
        }
        if more <= names:
            return names
        names |= more


@cache
def _raised() -> list[Raised]:
    return [*_found()]


def _found() -> Iterator[Raised]:
    names = _error_names()
    for path in _SOURCES:
        if "legacy" in path.parts:
            continue
        within = str(path.relative_to(ROOT))
        for node in nodes(path):
            where = f"{within}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.FunctionDef) and node.name in _RETURNED:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        for code in _codes(inner.value):
                            yield Raised(code, frozenset(), where)
            elif isinstance(node, ast.Call) and node.args:
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                own_init = called == "__init__" and isinstance(node.func, ast.Attribute)
                if called not in names and not own_init:
                    continue
                given = [keyword.arg for keyword in node.keywords]
                params = None if None in given else frozenset(map(str, given)) - _OWN
                for code in _codes(node.args[0]):
                    yield Raised(code, params, where)


def _codes(node: ast.expr) -> Iterator[str]:
    """The codes that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        made = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        yield from _MADE.get(made, [made])


def _keys() -> set[str]:
    return {key for domain in DOMAINS for key in load("en", domain)}


def _variables(key: str) -> frozenset[str]:
    """Those of a text and of its remedy."""
    found: frozenset[str] = frozenset()
    for domain in DOMAINS:
        for each in (key, key + REMEDY):
            if each in load("en", domain):
                found |= load("en", domain).variables(each)
    return found


def test_every_code_has_a_text_that_takes_its_parameters() -> None:
    raised, keys = _raised(), _keys()
    assert len(raised) > 250
    assert [each for each in raised if not _WORDS.fullmatch(each.code)] == []
    assert [each for each in raised if each.code not in keys] == []
    assert [
        (each, sorted(_variables(each.code)))
        for each in raised
        if each.params is not None and each.params != _variables(each.code)
    ] == []


def test_every_remedy_belongs_to_a_text() -> None:
    keys = _keys()
    assert {k for k in keys if k.endswith(REMEDY) and k.removesuffix(REMEDY) not in keys} == set()


def test_every_text_of_an_error_or_remark_is_raised_or_said_somewhere() -> None:
    used = (
        {each.code for each in _raised()}
        | {"verbatim", "joined", "with-remedy"}
        | set().union(*_MADE.values())
    )
    for path in _SOURCES:
        used |= set(re.findall(r"\bsay\(\s*\"([\w-]+)\"", text_of(path)))
        used |= set(re.findall(r"\bpublic = \"([\w-]+)\"", text_of(path)))
    unused = {key for key in load("en", "messages") if not key.endswith(REMEDY)} - used
    assert unused == set()


def test_what_retrieval_says_names_no_setting_and_no_command() -> None:
    for path in modules("retrieval"):
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "NEWSDESK_" not in node.value, f"{path}:{node.lineno}"


def test_every_action_of_the_audit_is_told_in_words() -> None:
    named = re.compile(r"(?:post|answer|job|article|feed|story)\.[a-z-]+")
    files = {"feed.xml", "feed.json"}
    made = {
        node.value
        for path in _SOURCES
        for node in nodes(path)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and named.fullmatch(node.value)
    }
    actions = made - files | {f"article.{status}" for status in _STATUSES}
    # The bot itself notes these.
    settings = {each.name for each in fields(GuildSettings)} - {"reported_week", "welcomed"}
    actions |= {f"settings.{name}" for name in settings}
    assert {"post.edit", "feed.add", "story.split", "settings.limits"} <= actions
    groups = {action.split(".")[0] for action in actions}
    for language in LANGUAGES:
        say = translator_for(language)
        assert [each for each in (*actions, *groups) if action_words(each, say) == each] == []
    assert (
        action_words("post.of-another-version", translator_for("en")) == "post.of-another-version"
    )
