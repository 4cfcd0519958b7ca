"""Orders to a language model that stand in articles."""

from __future__ import annotations

import re

from retrieval.text.sentences import sentence_spans

# Sentences that speak to a language model instead of a reader. They are no news, whoever put them
# into an article, and neither the model nor the gate is shown them.
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|directions|context|above|previous|prior)\b"
    r"|\b(?:system|developer)\s+(?:prompt|message)\b|\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot|language model|dan)\b"
    r"|\bas an ai\b|\b(?:ai|language) (?:assistants?|models?)\b[^.\n]{0,30}\b(?:must|should|reading this|are to)\b"
    r"|\b(?:respond|reply|answer) (?:only )?with\b[^.\n]{0,40}[\"“'‘:]|<\|?/?(?:im_start|im_end|system|assistant|user|inst)\b|\[/?INST\]",
    re.IGNORECASE,
)


def is_injected_instruction(text: str) -> bool:
    """Whether a sentence tells a language model what to do."""
    return bool(_ORDER.search(text))


def strip_injected_instructions(text: str) -> str:
    """``text`` without the sentences that are meant for a language model."""
    if not _ORDER.search(text):
        return text
    kept, last = [], 0
    for start, end in sentence_spans(text):
        if _ORDER.search(text[start:end]):
            kept.append(text[last:start])
            last = end
    return "".join([*kept, text[last:]]).strip()
