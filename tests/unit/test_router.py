"""Messages as people type them: what is cut from them, what kind they are, what they are about."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from bot.answering.conversation import Conversation, Turn
from bot.answering.replies.periods import period_of
from bot.answering.router.classifier import KINDS, SMALL_TALK, Kind, learned, learned_thresholds
from bot.answering.router.parts import parts_of
from bot.answering.router.router import RoutedMessage, read_message
from bot.answering.router.subjects import subject_of
from bot.answering.router.wrapping import spelt_out, unwrapped
from retrieval.timestamps import TimeRange
from tests.benchmarks.router_thresholds import kind_thresholds, language_threshold

NOW = datetime(2024, 3, 14, 12, tzinfo=UTC)
EARLIER = Conversation(
    (Turn("how much did the lantern bridge cost", "It cost 412 million crowns."),)
)


async def read(text: str, before: Conversation | None = None) -> RoutedMessage:
    return await read_message(text, before or Conversation(), NOW)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hey can anyone tell me who paid for the bridge? thx 😅", "who paid for the bridge"),
        ("<@123456> who won???", "who won???"),
        ("my sister and i are arguing, how long is the bridge?", "how long is the bridge?"),
        (
            "Hallo, kannst du mir sagen wer die Brücke bezahlt hat? Danke",
            "wer die Brücke bezahlt hat",
        ),
        ("请问谁赢了选举？谢谢", "谁赢了选举"),
        ("Who paid for the bridge? Kind regards, Margaret Orr", "Who paid for the bridge?"),
        ("wait who paid for the bridge omg", "who paid for the bridge"),
        ("wait times at the bridge", "wait times at the bridge"),
        ("what happened at burning man", "what happened at burning man"),
        ("compare the two bids, how much each", "compare the two bids, how much each"),
        ("super bowl lviii", "super bowl lviii"),
        ("10000 people", "10000 people"),
        ("thanks a lot!!", "thanks a lot!!"),
        ("😂", "😂"),
    ],
)
def test_what_a_question_is_wrapped_in_is_cut(typed: str, meant: str) -> None:
    assert unwrapped(typed) == meant


def test_short_forms_are_read_as_articles_write_them() -> None:
    assert spelt_out("how many ppl does the govt pay") == "how many people does the government pay"
    assert (
        spelt_out("wats new with the mayor n the bridge")
        == "what is new with the mayor and the bridge"
    )
    assert spelt_out("homes w/o power in ny") == "homes without power in New York"
    assert spelt_out("a letter from Pres Halvorsen") == "a letter from Pres Halvorsen"
    assert spelt_out("who won the U.S. Open, u know?") == "who won the U.S. Open, you know?"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("hi", SMALL_TALK), ("danke!", SMALL_TALK), ("ur useless", SMALL_TALK), ("👋", SMALL_TALK),
        ("what can you do", {"help"}), ("how many articles do you have", {"status"}),
        ("what happened this week?", {"digest"}), ("was ist diese woche passiert", {"digest"}),
        ("summarise the ferry disaster", {"summary"}), ("timeline of the ferry disaster", {"timeline"}),
        ("latest on the ferry disaster", {"topic"}), ("maria calder", {"topic"}),
        ("who paid for the lantern bridge", {"question"}),
        ("how many people died in the ferry disaster", {"question"}),
        ("what is the capital of france", {"general"}), ("write me a poem about autumn", {"chore"}),
        ("who should i vote for", {"opinion"}),
    ],
)  # fmt: skip
async def test_the_kind_of_a_message(text: str, kinds: set[str]) -> None:
    assert (await read(text)).kind in kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("source?", "sources"), ("are you sure?", "sure"), ("tell me more", "more"),
        ("shorter", "shorter"), ("in german please", "language"), ("and who paid for it?", "followup"),
        ("why?", "followup"),
    ],
)  # fmt: skip
async def test_what_goes_on_from_an_answer(text: str, kind: str) -> None:
    assert (await read(text, EARLIER)).kind == kind


@pytest.mark.parametrize(
    "text",
    ["night trams", "halvorsen's", "good saturday", "lantern day", "morgan orr"],
)
async def test_a_topic_with_a_word_of_small_talk_is_a_topic(text: str) -> None:
    assert (await read(text)).kind not in SMALL_TALK


@pytest.mark.parametrize(
    "text",
    [
        "thanks margaret", "good night margaret", "night team", "thnaks", "see you soon", "cheers buddy",
        "danke kumpel", "gute nacht schatz", "gracias amigo", "merci chef", "obrigado cara",
        "спасибо друг", "teşekkürler kardeşim", "谢谢你",
    ],
)  # fmt: skip
async def test_small_talk_may_name_somebody(text: str) -> None:
    assert (await read(text)).kind in SMALL_TALK


async def test_a_whole_question_stands_alone_after_an_answer() -> None:
    message = await read("Who won the election in Maravel on Sunday?", EARLIER)
    assert message.kind == "question"


async def test_the_subject_has_no_words_around_it() -> None:
    assert (await read("whats the latest on the ferry disaster")).subject == "ferry disaster"
    assert subject_of("总结一下地震", "summary") == "地震"
    assert subject_of("は何があった？", "digest") == ""
    assert subject_of("¿qué pasó?", "digest") == ""


async def test_the_language_of_a_message() -> None:
    languages = [(await read(t)).language for t in ("hola", "спасибо", "danke", "謝謝", "merhaba")]
    assert languages[:3] == ["es", "ru", "de"]
    assert languages[4] == "tr"


@pytest.mark.parametrize("message", ["gaza", "taylor swift", "mamdani news"])
async def test_names_are_in_no_language(message: str) -> None:
    assert (await read(message)).language == "en"


@pytest.mark.parametrize(
    ("question", "language"), [("who won the race?", "en"), ("qui a gagné la course ?", "fr")]
)
async def test_what_may_be_in_several_languages_is_in_that_of_the_conversation(
    question: str, language: str
) -> None:
    conversation = Conversation((Turn(question, "Calder."),))
    found = await read("source?", conversation)
    assert (found.kind, found.language) == ("sources", language)


@pytest.mark.parametrize(
    ("message", "kind", "language"),
    [
        ("bonjour tout le monde", "greeting", "fr"),
        ("combien de temps a duré la grève des dockers ?", "question", "fr"),
        ("obrigado pela ajuda", "thanks", "pt"),
        ("quem venceu a eleição em Lisboa?", "question", "pt"),
        ("こんにちは！", "greeting", "ja"),
        ("橋の建設費はいくらでしたか？", "question", "ja"),
        ("地震のタイムライン", "timeline", "ja"),
    ],
)
async def test_messages_in_other_languages_are_read_as_what_they_are(
    message: str, kind: str, language: str
) -> None:
    found = await read(message)
    assert (found.kind, found.language) == (kind, language)


@pytest.mark.parametrize(
    "question",
    [
        "Γιατί μειώθηκε ο πληθυσμός του σαλιγκαριού;",
        "ทำไมจำนวนหอยทากจึงลดลง",
        "De ce a scăzut populația melcului?",
        "Vì sao số lượng ốc xanh giảm?",
        "Rais wa Kenya alisema nini kuhusu uchaguzi mkuu?",
    ],
)
async def test_a_question_in_a_language_without_learned_kinds_is_one(question: str) -> None:
    assert (await read(question)).kind == "question"


def test_two_questions_in_one_are_told_apart() -> None:
    assert parts_of("who won the cup and who won the league?") == [
        "who won the cup?",
        "who won the league?",
    ]
    assert parts_of("how long was the first strike vs the second strike") == [
        "how long was the first strike?",
        "how long was the second strike?",
    ]
    assert parts_of("who are Rosencrantz and Guildenstern?") == [
        "who are Rosencrantz and Guildenstern?"
    ]


def test_this_week_is_the_last_seven_days() -> None:
    period = period_of("what happened this week", "", TimeRange(NOW), UTC)
    assert period.since is not None
    assert (NOW - period.since).days >= 7
    assert period_of("news", "", TimeRange(NOW, NOW, NOW), UTC) == TimeRange(NOW, NOW, NOW)


def test_thresholds_are_where_least_is_lost() -> None:
    told: list[tuple[Kind, float]] = [
        *(("help", sure) for sure in (0.9, 0.85, 0.6, 0.7)),
        *(("question", 0.9) for _ in range(2)),
    ]
    shares = np.array(
        [[sure if each == kind else (1 - sure) / (len(KINDS) - 1) for each in KINDS] for kind, sure in told],
        dtype=np.float32,
    )  # fmt: skip
    kinds: list[Kind] = ["help", "help", "help", "question", "question", "question"]
    # A question that is taken for a cry for help costs more than one such cry that is not heard.
    assert 0.7 < kind_thresholds(shares, kinds)["help"] <= 0.85
    names = np.array([[0.7, 0.3], [0.4, 0.6], [0.1, 0.9]] * 10, dtype=np.float32)
    assert language_threshold(names, english=0) >= 0.9


def test_the_weights_are_of_the_kinds_that_the_code_knows() -> None:
    weights = learned()
    assert set(learned_thresholds().kinds) == {*KINDS} - {"question"}
    assert weights.kinds.shape[1] == len(KINDS)
    assert weights.languages.shape == (weights.kinds.shape[0], len(weights.names))


@pytest.mark.parametrize(
    "name", ["ferry", "brexit", "nato", "NVIDIA", "gaza?", "topic577", "f1", "oscars", "Anton Rell"]
)
async def test_a_name_alone_is_no_small_talk(name: str) -> None:
    assert (await read(name)).kind in {"topic", "question"}


@pytest.mark.parametrize("about", ["the ferry Albatross", "the UAW strike", "gaza", "the budget"])
async def test_what_outlets_say_is_compared(about: str) -> None:
    assert (await read(f"What do outlets say about {about}?")).kind == "compare"


@pytest.mark.parametrize("number", range(12))
async def test_what_something_will_cost_is_no_question_about_the_bot(number: int) -> None:
    assert (await read(f"What will topic{number} cost?")).kind in {"question", "topic"}


@pytest.mark.parametrize(
    "said", ["helo", "heyyyy", "thnaks", "Lmaoo", "byee", "goood bot", "merci!", "😂"]
)
async def test_small_talk_with_a_slip_is_small_talk(said: str) -> None:
    assert (await read(said)).kind in SMALL_TALK


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("were is the bridge", "where is the bridge"),
        ("how manny ppl crossed the bridge", "how many people crossed the bridge"),
        ("Waht did the mayor say", "What did the mayor say"),
        ("were there any survivors", "were there any survivors"),
        ("how mary died", "how mary died"),
        ("in one of the trials, who was convicted", "in one of the trials, who was convicted"),
    ],
)
async def test_a_slip_in_how_a_question_begins_is_mended(typed: str, meant: str) -> None:
    assert (await read(typed)).question == meant
