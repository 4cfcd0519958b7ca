"""Words by what they are: forenames, verbs, offices and colouring, to judge what a passage leaves unsaid."""

from __future__ import annotations

from typing import Final

from bot.answering.verification.legacy.lexicon import word_set

# Words that are forenames and hardly anything else, for text that was put in lower case.
FORENAMES: Final = word_set(
    "aaron adam adrian ahmed alan albert alejandro alex alexander alexandra alexei alfred ali alice alistair allen amanda amy "
    "andre andrea andreas andrei andrew andy angela anita ann anna anne anthony antonio archie arthur ashley barbara barry "
    "beatrice ben benjamin bernard boris brandon brenda brian bruce bryan callum cameron carl carlos carmen carol caroline "
    "catherine cathy charles charlie charlotte cheryl chloe chris christian christina christine christopher claire claudia "
    "colin connor craig cynthia daniel daniela darren dave david deborah debra denise dennis derek diane diego dimitri dmitry "
    "dominic donald donna dorothy douglas duncan dylan edward eleanor elena elizabeth ellen emily emma eric erik ethan eva "
    "evelyn ewan fatima fernando fiona fraser fred frederick gabriel gareth gary geoff geoffrey george gerald giovanni gordon "
    "graham greg gregory guillermo hannah hans harold harry hassan heather helen henry howard hugh hussein ian ibrahim igor isaac "
    "isabel ivan jack jackie jacob jacqueline jacques jake james jamie jane janet jason javier jean jeff jeffrey jennifer jeremy "
    "jerome jerry jessica jim jimmy joan joanna joe joel johannes john johnny jonathan jorge jose joseph joshua juan judith "
    "julia julian julie jurgen karen karl kate katherine kathleen katie keith kelly kenneth kevin khaled kimberly klaus kyle larry "
    "laura lauren lawrence leon leonard lewis liam linda lisa liz louis louise luca lucas lucy luis luke magnus manuel marco "
    "margaret maria marie marina mario martha martin mary matt matthew maurice megan melanie melissa michael michel michelle miguel "
    "mikhail mohamed mohammad mohammed molly monica muhammad mustafa nancy natalia natalie natasha nathan neil nicholas nicola nicolas "
    "nicole nigel nikolai noah norman oleg olexander oliver olivia omar oscar owen pablo pamela paolo patricia patrick paul paula "
    "pedro peter philip phil philippe pierre rachel rafael ralph raymond rebecca rhys ricardo richard robert roberto robin roger "
    "ronald rory ross roy russell ruth ryan sally sam samantha samuel sandra sarah scott sean sebastian sergei sergio sharon shaun "
    "sheila simon sofia sophie stanley stefan stephanie stephen steve steven stuart susan suzanne tania ted terry theresa thomas "
    "tim timothy todd tom tony tracy trevor valentina vanessa veronica victor victoria viktor vincent vladimir walter wendy "
    "wilfred william wolfgang yasmin yusuf yuri zachary zoe"
)

# Irregular forms of verbs; the others end in -ed or -ing.
_IRREGULAR: Final = word_set(
    "ate beat became become began begun bent bit blew bought broke broken brought built burnt came caught chose chosen come cut "
    "dealt drank drawn drew driven drove drunk eaten fallen fed fell felt flew flown forced fought found froze frozen gave given "
    "gone got grew grown heard held hid hidden hit hurt kept knew known laid learnt led left lent let lost made meant met paid put "
    "quit ran rang read ridden risen rode rose rung said sang sank sat saw seen sent set shaken shook shot shown showed shut slept "
    "sold spent split spoke spoken spread stole stolen stood struck stuck sung sunk swam swore sworn swept swum swung taken taught "
    "thought threw thrown told took tore torn understood went withdrawn withdrew woke won wore worn wrote written "
    "begin call calls claim claims come comes face faces find finds get gets give gives go goes keep keeps lead leads leave leaves "
    "lose loses meet meets say says see sees show shows take takes urge urges want wants warn warns win wins"
)

# What people are or do for a living.
OFFICES: Final = word_set(
    "academic activist actor actress administrator adviser ambassador analyst architect artist astronaut author banker barrister "
    "batsman billionaire bishop boss bowler boxer broadcaster builder campaigner captain champion chairman chairwoman chancellor chef "
    "chief coach columnist comedian commander commissioner composer councillor cyclist dancer defender designer deputy detective director "
    "diplomat doctor driver economist editor engineer executive farmer financier fireman firefighter flanker footballer forward founder "
    "general golfer goalkeeper governor historian hooker jockey journalist judge keeper lawyer lawmaker leader lecturer lieutenant "
    "manager mayor medallist midfielder millionaire minister model mp musician novelist nurse officer opener paramedic pilot player poet "
    "policeman politician presenter president priest prince princess producer professor promoter prop prosecutor psychologist rapper "
    "reporter scientist screenwriter seamer secretary senator sergeant singer skipper soldier spinner spokesman spokeswoman sprinter "
    "star striker student surgeon swimmer teacher trainer treasurer vicar winger winner writer"
)

# They judge or measure a thing rather than name it.
COLOURING: Final = word_set(
    "acclaimed amazing astonishing awful beautiful best big biggest bitter brilliant brutal busiest celebrated closely comfortable "
    "comprehensive controversial convincing dangerous deadliest deeply devastating dominant dramatic dramatically elderly emphatic "
    "enormous entire extraordinary extremely falsely famous fastest fierce great greatest hardest heavily heavy highest highly historic "
    "huge important impressive incredible influential known large largest latest leading longest longtime lowest main major massive "
    "narrow notable notorious numerous oldest outspoken outstanding oversized popular powerful prestigious prominent rare record "
    "remarkable renowned respected rival ruthless senior serious seriously severe sharp sharply shocking significant significantly "
    "smallest spectacular stunning substantial successful terrible thrilling top tragic unprecedented vast veteran violent wealthiest "
    "wealthy widely worst worldwide youngest"
)


def verbal(word: str) -> bool:
    """Whether a lower-case word looks like a form of a verb."""
    return word.endswith(("ed", "ing", "ise", "ize")) or word in _IRREGULAR
