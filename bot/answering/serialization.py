"""Answers as stored: JSON from which they can be restored after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.answering.conversation import Conversation, Turn
from bot.answering.models import Answer, AnswerSentence, Citation, Conflict, ConflictValue
from retrieval.errors import Note
from retrieval.models import Reference
from retrieval.timestamps import iso


def as_record(answer: Answer) -> dict[str, Any]:
    """Return what is stored of an answer: what was shown and the evidence for it."""
    return {
        "text": answer.text,
        "abstained": answer.abstained,
        "sentences": [asdict(sentence) for sentence in answer.sentences],
        "citations": [asdict(citation) for citation in answer.citations],
        "nearest": [asdict(article) for article in answer.nearest],
        "model": answer.model,
        "notes": [note.to_record() for note in answer.notes],
        "reason": answer.reason,
        "form": answer.form,
        "conflicts": [asdict(conflict) for conflict in answer.conflicts],
        "reply": answer.reply,
        "asked": answer.asked,
        "since": iso(answer.since) if answer.since else None,
        "until": iso(answer.until) if answer.until else None,
    }


def from_record(question: str, record: dict[str, Any]) -> Answer:
    """Return the answer to ``question`` from its record. Raises ``KeyError`` if a field is
    missing."""
    return Answer(
        question,
        record["text"],
        record["abstained"],
        tuple(map(_sentence, record["sentences"])),
        tuple(map(_citation, record["citations"])),
        tuple(Reference(**article) for article in record["nearest"]),
        record["model"],
        tuple(map(_note, record["notes"])),
        record["reason"],
        form=record.get("form", "answer"),  # older records lack these
        conflicts=tuple(map(_conflict, record.get("conflicts", ()))),
        reply=record.get("reply", False),
        asked=record["asked"],
        since=_moment(record["since"]),
        until=_moment(record["until"]),
    )


def conversation_as_records(conversation: Conversation) -> list[dict[str, Any]]:
    """Return the turns of a conversation as they are stored."""
    return [
        {
            "question": turn.question,
            "answer": turn.answer,
            "since": iso(turn.since) if turn.since else None,
            "until": iso(turn.until) if turn.until else None,
            "source": turn.source,
            "citations": [asdict(citation) for citation in turn.citations],
            "sentences": [asdict(sentence) for sentence in turn.sentences],
            "open": turn.open,
        }
        for turn in conversation.turns
    ]


def conversation_from_records(records: Iterable[dict[str, Any]]) -> Conversation:
    """Return a conversation from its stored turns."""
    return Conversation(
        tuple(
            Turn(
                record["question"],
                record["answer"],
                _moment(record["since"]),
                _moment(record["until"]),
                record["source"],
                tuple(map(_citation, record["citations"])),
                tuple(map(_sentence, record["sentences"])),
                record["open"],
            )
            for record in records
        )
    )


def _sentence(record: dict[str, Any]) -> AnswerSentence:
    return AnswerSentence(record["text"], tuple(record["citations"]), record.get("date"))


def _conflict(record: dict[str, Any]) -> Conflict:
    values = (ConflictValue(each["value"], tuple(each["citations"])) for each in record["values"])
    return Conflict(record["subject"], tuple(values))


def _note(kept: str | dict[str, Any]) -> Note:
    """Return a note from its record; version 0.1.0 stored the sentence, alone or with its parts."""
    if isinstance(kept, str):
        return Note.verbatim(kept)
    return Note.from_record(kept) if "code" in kept else Note.verbatim(str(kept["text"]))


def _citation(record: dict[str, Any]) -> Citation:
    also = tuple(record.get("also", ()))  # older records lack it
    return Citation(record["n"], Reference(**record["article"]), record["quote"], also)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
