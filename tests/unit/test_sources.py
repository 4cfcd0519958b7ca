"""Names of publishers: which are one, and which one a question names."""

from __future__ import annotations

import pytest

from retrieval.catalogue.publishers import Publishers, SourceFilter

_PUBLISHERS = Publishers(
    [
        ("BBC", 3), ("BBC News", 5), ("bbc.co.uk", 9), ("Reuters", 4), ("usatoday.com", 99),
        ("cnn.com", 50), ("The New York Times", 3), ("nytimes.com", 1), ("Wall Street Journal", 2),
        ("wsj.com", 1), ("AP", 2), ("apnews.com", 1), ("The Guardian", 2), ("theguardian.com", 4),
        ("Sky News", 2), ("news.sky.com", 1), ("The Week", 1), ("Newsweek", 1),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("bbc", "BBC News"), ("The BBC", "BBC News"), ("BBC News", "BBC News"), ("www.bbc.co.uk", "BBC News"),
        ("New York Times", "The New York Times"), ("nyt", "The New York Times"), ("nytimes.com", "The New York Times"),
        ("WSJ", "Wall Street Journal"), ("apnews.com", "AP"), ("guardian", "The Guardian"), ("USA Today", "usatoday.com"),
        ("CNN", "cnn.com"), ("Sky", "Sky News"), ("the week", "The Week"), ("newsweek", "Newsweek"),
    ],
)  # fmt: skip
def test_names_of_one_publisher_are_one(asked: str, name: str) -> None:
    publisher = _PUBLISHERS.find(asked)
    assert publisher is not None
    assert publisher.name == name


def test_what_is_not_here_is_not_found_but_like_names_are_offered() -> None:
    assert _PUBLISHERS.find("Le Monde") is None
    assert _PUBLISHERS.near("Reutrs") == ["Reuters"]
    assert _PUBLISHERS.completions("b") == ["BBC News"]
    assert _PUBLISHERS.completions("the g") == ["The Guardian"]
    assert _PUBLISHERS.completions("times york") == ["The New York Times"]
    assert _PUBLISHERS.completions("week")[:2] == ["The Week", "Newsweek"]


def test_a_source_that_is_not_here_is_told_with_the_nearest_names() -> None:
    assert _PUBLISHERS.unknown("nyt") is None
    assert Publishers([]).unknown("Reuters") is None
    near = _PUBLISHERS.unknown("Reutrs")
    assert near is not None
    assert (near.code, near.params["close"]) == ("nothing-such-source-but", "Reuters")
    far = _PUBLISHERS.unknown("zzzz")
    assert far is not None
    assert far.code == "nothing-such-source"
    by_host = Publishers([("Courier", 2)], [("courier.example", "Courier")])
    assert by_host.unknown("news.courier.example") is None
    assert by_host.unknown("other.example") is not None


@pytest.mark.parametrize(
    ("question", "name", "rest"),
    [
        ("According to the BBC, who won?", "BBC News", "who won?"),
        ("What did Reuters say about Gaza?", "Reuters", "What did say about Gaza?"),
        ("What is CNN reporting about the strike?", "cnn.com", "What is reporting about the strike?"),
        ("Who won, as reported by the New York Times?", "The New York Times", "Who won?"),
        ("What did Biden say about Gaza?", None, None),
        ("According to officials, how many died?", None, None),
        ("Who was hired by CNN?", None, None),
    ],
)  # fmt: skip
def test_a_question_names_its_source(question: str, name: str | None, rest: str | None) -> None:
    named = _PUBLISHERS.named_in(question)
    assert (named.publisher.name if named else None) == name
    assert (named.rest if named else None) == rest


def test_a_host_admits_what_lies_there_and_a_name_what_bears_it() -> None:
    by_name = SourceFilter.of("BBC", _PUBLISHERS.find("BBC"))
    assert by_name.admits("bbc news", "example.com")
    assert not by_name.admits("reuters", "bbc.co.uk")
    by_host = SourceFilter.of("yahoo.com", None)
    assert by_host.admits("reuters", "yahoo.com")
    assert not by_host.admits("reuters", "example.com")


def test_what_somebody_carries_of_another_is_theirs() -> None:
    publishers = Publishers(
        [
            ("Yahoo News", 2),
            ("Yahoo News, via Reuters", 7),
            ("Reuters", 3),
            ("Vestnik, via TASS", 1),
        ]
    )
    yahoo = publishers.find("yahoo news")
    assert yahoo is not None
    assert yahoo.name == "Yahoo News"
    assert yahoo.articles == 9
    admits = SourceFilter.of("Yahoo News", yahoo).admits
    assert admits("yahoo news, via reuters", None)
    assert admits("yahoo news", None)
    assert not admits("reuters", None)
    reuters = publishers.find("Reuters")
    assert reuters is not None
    assert reuters.articles == 3
    alone = publishers.find("Vestnik")
    assert alone is not None
    assert alone.name == "Vestnik"
    assert publishers.find("Yahoo News, via Reuters") == yahoo


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("hokkai.example", "北海新聞"), ("vv.example", "Вестник Варсунда"), ("almadina.example", "صحيفة المدينة"),
        ("sz.example", "Süddeutsche Zeitung"), ("lm.example", "Le Moniteur"), ("samachar.example", "वारसुंड समाचार"),
    ],
)  # fmt: skip
def test_a_host_is_the_name_that_its_articles_give(domain: str, name: str) -> None:
    publishers = Publishers(
        [(name, 2), (domain, 5), ("Other", 1)], [(domain, name), (domain, domain)]
    )
    for asked in (name, domain, f"www.{domain}"):
        found = publishers.find(asked)
        assert found is not None
        assert (found.name, found.articles) == (name, 7)


def test_a_host_that_no_article_names_is_a_publisher_of_its_own() -> None:
    publishers = Publishers([("A B", 1), ("C D", 1), ("x.example", 1)], [])
    found = publishers.find("x.example")
    assert found is not None
    assert (found.name, found.articles) == ("x.example", 1)
