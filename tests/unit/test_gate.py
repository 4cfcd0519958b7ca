"""What the gate lets through and what it stops, one passage at a time."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.answering.verification.legacy import Evidence, check

PUBLISHED = dt.date(2023, 11, 3)  # a Friday

DEAL = (
    "Scale AI, the data-labeling company led by Alexandr Wang, has raised $1.5 billion from investors, the company said on "
    "Thursday. The round values the start-up at 13.8 billion dollars, up from $7.3 billion in 2021. Mr Wang told Reuters "
    "that “we are not going to sell the company, whatever the offer.” Accel led the round; Amazon and Meta took part for the "
    "first time. Scale, which employs about 900 people in San Francisco, did not say how it would spend the money."
)
CRASH = (
    "Twelve people were killed and 30 injured when a bus left the road near Turin on Sunday night, Italian police said. "
    "The driver, Marco Bianchi, 58, survived. The mayor of Turin, Stefano Lo Russo, called the crash “an immense tragedy for "
    "our city”. “The brakes had been checked in March,” said Carla Neri, the operator’s head of safety. Prosecutors have not "
    "ruled out a mechanical failure. Seven of the injured are children; 20% of the passengers came from Japan."
)
MATCH = (
    "Brazil beat Argentina 3-1 in Rio de Janeiro on Tuesday to win the cup for the fifth time. Vinícius Júnior scored twice "
    "before half-time. Argentina’s coach, Lionel Scaloni, refused to blame the referee. Ticket prices rose by 12 percent "
    "this year, while attendance fell from 61,000 to 48,500. The federation rejected a proposal to move the final to Miami."
)
COURT = (
    "The U.S. Supreme Court on Monday declined to hear an appeal by Apple in its fight with Epic Games. Tim Sweeney, Epic's "
    "chief executive, wrote: “The court battle to open iOS is lost in the United States. A sad outcome for all developers.” "
    "Apple declined to comment. Its shares fell nearly 2% in New York. In July 2023, a lower court had denied Apple's request, and the "
    "company has not said whether it will change its rules before January 16."
)


def supported(claim: str, passage: str) -> bool:
    return check(claim, [Evidence(passage, published=PUBLISHED)]).supported


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        # Figures are compared by value.
        ("Scale AI has raised $1.5bn from investors.", DEAL),
        ("Scale AI has raised 1,500 million dollars from investors.", DEAL),
        ("The round values Scale at $13.8bn.", DEAL),
        ("Scale AI raised about $1.5 billion and employs some 900 people in San Francisco.", DEAL),
        ("12 people were killed and 30 injured near Turin.", CRASH),
        ("7 of the injured are children.", CRASH),
        ("20 percent of the passengers were from Japan.", CRASH),
        ("Attendance fell to 48,500 from 61,000.", MATCH),
        ("Apple's shares fell almost two percent in New York.", COURT),
        ("Attendance fell to nearly 50,000 from 61,000.", MATCH),
        # Days follow from the day of publication.
        ("The company said on November 2 that it had raised $1.5 billion.", DEAL),
        ("The bus left the road near Turin on Sunday, October 29.", CRASH),
        ("A lower court denied Apple's request in July.", COURT),
        ("Apple has not said whether it will change its rules before Jan. 16.", COURT),
        # One name has many forms.
        ("Wang told Reuters that the company is not for sale, whatever the offer.", DEAL),
        ("Alexandr Wang leads the data-labelling company Scale AI.", DEAL),
        ("Police in Italy said that twelve people were killed.", CRASH),
        ("A fifth of the passengers were Japanese, and seven of the injured are children.", CRASH),
        ("Vinicius Junior scored twice before half-time.", MATCH),
        ("The Supreme Court of the United States declined to hear Apple's appeal.", COURT),
        ("The US Supreme Court declined on Monday to hear an appeal by Apple.", COURT),
        # Quotations are the words themselves; an ellipsis and the case of the first word are free.
        ("“We are not going to sell the company … ” Mr Wang told Reuters.", DEAL),
        ('Wang said: "We are not going to sell the company, whatever the offer."', DEAL),
        ("Stefano Lo Russo called it 'an immense tragedy for our city'.", CRASH),
        ('"The brakes had been checked in March," Carla Neri said.', CRASH),
        ("The crash was “an immense tragedy”, according to the mayor, Stefano Lo Russo.", CRASH),
        ("“A sad outcome for all developers,” Sweeney wrote.", COURT),
        # The same thing in other words, or turned round with its meaning kept.
        ("Argentina were beaten 3-1 by Brazil in Rio de Janeiro.", MATCH),
        ("Scaloni, the coach of Argentina, did not blame the referee.", MATCH),
        ("A proposal to move the final to Miami was rejected.", MATCH),
        ("Scale did not say how it would spend the money.", DEAL),
        ("Prosecutors have not ruled out that a mechanical failure was to blame.", CRASH),
        ("Marco Bianchi, the driver, survived.", CRASH),
    ],
)  # fmt: skip
def test_a_fair_sentence_is_supported(claim: str, passage: str) -> None:
    verdict = check(claim, [Evidence(passage, published=PUBLISHED)])
    assert verdict.supported, verdict
    assert not verdict.reasons


@pytest.mark.parametrize(
    ("claim", "passage", "reason"),
    [
        # Figures that are not there, or that belong to something else.
        ("Scale AI has raised $1.6 billion from investors.", DEAL, "1.6 billion"),
        ("Scale AI has raised $1.5 million from investors.", DEAL, "1.5 million"),
        ("Scale AI has raised €1.5 billion from investors.", DEAL, "1.5 billion"),
        ("Eleven people were killed near Turin.", CRASH, "Eleven"),
        ("30 people were killed and twelve injured near Turin.", CRASH, ""),
        ("Attendance fell from 48,500 to 61,000.", MATCH, "48500"),
        ("Ticket prices rose by 21 percent this year.", MATCH, "21"),
        ("Brazil won the cup for the sixth time.", MATCH, "sixth"),
        ("Nearly 200 people were killed when a bus left the road near Turin.", CRASH, "200"),
        # Days, months and years.
        ("The company said on Wednesday that it had raised $1.5 billion.", DEAL, "Wednesday"),
        ("The company said on November 9 that it had raised $1.5 billion.", DEAL, "November 9"),
        ("The start-up was worth $7.3 billion in 2020.", DEAL, "2020"),
        ("A lower court denied Apple's request in June 2023.", COURT, "June"),
        ("The brakes had been checked in May.", CRASH, "May"),
        # Names.
        ("Scale AI, led by Sam Altman, has raised $1.5 billion.", DEAL, "Sam Altman"),
        ("Google and Meta took part in the round for the first time.", DEAL, "Google"),
        ("A bus left the road near Milan on Sunday night.", CRASH, "Milan"),
        ("Toyota declined to comment.", COURT, "Toyota"),
        ("The mayor of Turin, Marco Lo Russo, spoke of a tragedy.", CRASH, "Marco"),
        # Who said it.
        ("“The brakes had been checked in March,” said Stefano Lo Russo.", CRASH, "Carla Neri"),
        ("“A sad outcome for all developers,” Tim Cook wrote.", COURT, "Cook"),
        ("Marco Bianchi called the crash “an immense tragedy for our city”.", CRASH, "Stefano"),
        # Quotations.
        ("“We are not going to sell the firm, whatever the offer,” Mr Wang told Reuters.", DEAL, "word for word"),
        ("“We are going to sell the company, whatever the offer,” Mr Wang told Reuters.", DEAL, "word for word"),
        ("“The brakes had been replaced in March,” said Carla Neri.", CRASH, "word for word"),
        # Yes and no.
        ("The driver, Marco Bianchi, did not survive.", CRASH, ""),
        ("Scale said how it would spend the money.", DEAL, ""),
        ("The bus left the road near Turin and did not burn.", CRASH, ""),
        ("The Brazil team did not pay 12 percent more for tickets.", MATCH, ""),
        ("Prosecutors have ruled out a mechanical failure.", CRASH, ""),
        ("Ticket prices fell by 12 percent this year.", MATCH, "rose"),
        ("The federation accepted a proposal to move the final to Miami.", MATCH, "rejected"),
        ("The Supreme Court agreed to hear an appeal by Apple.", COURT, ""),
        ("Vinícius Júnior scored twice after half-time.", MATCH, "before"),
        ("Argentina's coach blamed the referee.", MATCH, ""),
        ("Brazil lost the cup for the fifth time.", MATCH, ""),
        # Who did what to whom.
        ("Argentina beat Brazil 3-1 in Rio de Janeiro on Tuesday.", MATCH, ""),
        ("Brazil was beaten by Argentina in Rio de Janeiro.", MATCH, ""),
        ("Meta led the round; Amazon and Accel took part.", DEAL, ""),
        # What is nowhere.
        ("Scale AI plans to open an office in London next year.", DEAL, "London"),
        ("Apple declined to comment, but two engineers resigned in protest.", COURT, ""),
        ("The operator has offered the families compensation and apologised.", CRASH, ""),
    ],
)  # fmt: skip
def test_an_altered_sentence_is_stopped(claim: str, passage: str, reason: str) -> None:
    verdict = check(claim, [Evidence(passage, published=PUBLISHED)])
    assert not verdict.supported, verdict
    assert reason in " ".join(verdict.reasons)
