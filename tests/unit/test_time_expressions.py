"""Words for time, each at a fixed moment and in a fixed time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer

from bot.cli.options import moment_in_words
from retrieval.text.time_expressions import read_time
from retrieval.text.time_expressions.options import read_option, whole_period
from retrieval.text.time_expressions.phrases import known_languages, time_language

_WEDNESDAY = "2023-11-15T12:00"
_NOTHING = ("-", "-")

# Phrase, since, until; local times to the minute, the end of a day as 23:59.
_ON_A_WEDNESDAY = [
    ("What happened today?", "2023-11-15T00:00", "2023-11-15T23:59"),
    ("What happened yesterday?", "2023-11-14T00:00", "2023-11-14T23:59"),
    ("What happened the day before yesterday?", "2023-11-13T00:00", "2023-11-13T23:59"),
    ("Who won last night?", "2023-11-14T18:00", "2023-11-15T11:59"),
    ("What was decided this morning?", "2023-11-15T00:00", "2023-11-15T11:59"),
    ("What was said yesterday evening?", "2023-11-14T17:00", "2023-11-14T23:59"),
    ("What did he say on Monday?", "2023-11-13T00:00", "2023-11-13T23:59"),
    ("What did he say on monday?", "2023-11-13T00:00", "2023-11-13T23:59"),
    ("Who met Wednesday in Paris?", "2023-11-15T00:00", "2023-11-15T23:59"),
    ("Who resigned on Friday night?", "2023-11-10T00:00", "2023-11-10T23:59"),
    ("Who resigned last Friday?", "2023-11-10T00:00", "2023-11-10T23:59"),
    ("Who resigned last Wednesday?", "2023-11-08T00:00", "2023-11-08T23:59"),
    ("Who resigned this past Monday?", "2023-11-13T00:00", "2023-11-13T23:59"),
    ("What happened this week?", "2023-11-08T00:00", "2023-11-19T23:59"),
    ("What happened earlier this week?", "2023-11-08T00:00", "2023-11-19T23:59"),
    ("What happened last week?", "2023-11-06T00:00", "2023-11-12T23:59"),
    ("What happened last weekend?", "2023-11-11T00:00", "2023-11-12T23:59"),
    ("What happened over the weekend?", "2023-11-11T00:00", "2023-11-12T23:59"),
    ("What changed since the weekend?", "2023-11-11T00:00", "-"),
    ("What happened this month?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("What happened last month?", "2023-10-01T00:00", "2023-10-31T23:59"),
    ("Who ended last month's strike?", "2023-10-01T00:00", "2023-10-31T23:59"),
    ("What happened this quarter?", "2023-10-01T00:00", "2023-12-31T23:59"),
    ("What did Apple earn last quarter?", "2023-07-01T00:00", "2023-09-30T23:59"),
    ("What did Apple earn in the first quarter of 2022?", "2022-01-01T00:00", "2022-03-31T23:59"),
    ("What did Apple earn in Q3 2023?", "2023-07-01T00:00", "2023-09-30T23:59"),
    ("How many died in the first half of 2023?", "2023-01-01T00:00", "2023-06-30T23:59"),
    ("What happened this year?", "2023-01-01T00:00", "2023-12-31T23:59"),
    ("Who won this year's Nobel Peace Prize?", "2023-01-01T00:00", "2023-12-31T23:59"),
    ("What happened last year?", "2022-01-01T00:00", "2022-12-31T23:59"),
    ("What happened last summer?", "2023-06-01T00:00", "2023-08-31T23:59"),
    ("What happened last winter?", "2022-12-01T00:00", "2023-02-28T23:59"),
    ("What happened this spring?", "2023-03-01T00:00", "2023-05-31T23:59"),
    ("What burned in the summer of 2022?", "2022-06-01T00:00", "2022-08-31T23:59"),
    ("What happened in the past three days?", "2023-11-12T12:00", "-"),
    ("What happened in the last 24 hours?", "2023-11-14T12:00", "-"),
    ("What happened in the last week?", "2023-11-08T12:00", "-"),
    ("Who died over the past week?", "2023-11-08T12:00", "-"),
    ("Who died in the past month?", "2023-10-15T12:00", "-"),
    ("Who died within the past 12 months?", "2022-11-15T12:00", "-"),
    ("Who died in the last couple of days?", "2023-11-13T12:00", "-"),
    ("Who died in the last few weeks?", "2023-10-25T12:00", "-"),
    ("What happened two days ago?", "2023-11-13T00:00", "2023-11-13T23:59"),
    ("What happened a week ago?", "2023-11-06T00:00", "2023-11-12T23:59"),
    ("What happened three weeks ago?", "2023-10-23T00:00", "2023-10-29T23:59"),
    ("What happened two months ago?", "2023-09-01T00:00", "2023-09-30T23:59"),
    ("What happened five years ago?", "2018-01-01T00:00", "2018-12-31T23:59"),
    ("What changed since two weeks ago?", "2023-10-30T00:00", "-"),
    ("What changed since Monday?", "2023-11-13T00:00", "-"),
    ("What changed since yesterday?", "2023-11-14T00:00", "-"),
    ("What changed since March?", "2023-03-01T00:00", "-"),
    ("What changed since December?", "2022-12-01T00:00", "-"),
    ("What changed since 2020?", "2020-01-01T00:00", "-"),
    ("What changed since the election on 5 November?", "2023-11-05T00:00", "-"),
    ("Who led before the election on 5 November?", "-", "2023-11-04T23:59"),
    ("Who led before 3 May 2022?", "-", "2022-05-02T23:59"),
    ("Who led prior to September?", "-", "2023-08-31T23:59"),
    ("What was said after 3 May?", "2023-05-04T00:00", "-"),
    ("Who led until Friday?", "-", "2023-11-10T23:59"),
    ("Who led until the end of October?", "-", "2023-10-31T23:59"),
    ("What happened between 3 and 5 May?", "2023-05-03T00:00", "2023-05-05T23:59"),
    ("What happened from 3 to 5 May 2022?", "2022-05-03T00:00", "2022-05-05T23:59"),
    ("What happened on May 3-5?", "2023-05-03T00:00", "2023-05-05T23:59"),
    ("What happened between 3 May and 5 June?", "2023-05-03T00:00", "2023-06-05T23:59"),
    ("What happened from March to May 2022?", "2022-03-01T00:00", "2022-05-31T23:59"),
    ("What happened between November and March 2022?", "2021-11-01T00:00", "2022-03-31T23:59"),
    ("What happened between 2020 and 2021?", "2020-01-01T00:00", "2021-12-31T23:59"),
    ("What happened between Monday and Wednesday?", "2023-11-13T00:00", "2023-11-15T23:59"),
    ("What happened in 2021?", "2021-01-01T00:00", "2021-12-31T23:59"),
    ("What happened in March 2022?", "2022-03-01T00:00", "2022-03-31T23:59"),
    ("What happened in August?", "2023-08-01T00:00", "2023-08-31T23:59"),
    ("What happened in December?", "2022-12-01T00:00", "2022-12-31T23:59"),
    ("What happened in the 1990s?", "1990-01-01T00:00", "1999-12-31T23:59"),
    ("What was contained as of the evening of Aug. 14?", "2023-08-14T00:00", "2023-08-14T23:59"),
    ("Who spoke on November 5th, 2022?", "2022-11-05T00:00", "2022-11-05T23:59"),
    ("Who spoke on the 5th of November?", "2023-11-05T00:00", "2023-11-05T23:59"),
    ("What happened on 20 November?", "2022-11-20T00:00", "2022-11-20T23:59"),
    ("Who speaks on 20 November?", *_NOTHING),
    ("What will bread cost, beginning in January?", *_NOTHING),
    ("Which shop is set to open on December 20?", *_NOTHING),
    ("Who will speak on Friday?", *_NOTHING),
    ("Who will speak today, on 15 November?", "2023-11-15T00:00", "2023-11-15T23:59"),
    ("What will it take to mend what has gone wrong since March?", "2023-03-01T00:00", "-"),
    ("Will there be rain, as there is since Friday?", "2023-11-10T00:00", "-"),
    ("Did he say in December that he will run?", "2022-12-01T00:00", "2022-12-31T23:59"),
    ("Who spoke on 2023-11-05?", "2023-11-05T00:00", "2023-11-05T23:59"),
    # What lies ahead, or is a name, limits nothing.
    ("What will happen next week?", *_NOTHING),
    ("What will happen tomorrow?", *_NOTHING),
    ("What will sea levels be in 2030?", *_NOTHING),
    ("Which comet passes this weekend?", *_NOTHING),
    ("Which shops open on Black Friday?", *_NOTHING),
    ("Who won Tuesday's jackpot?", *_NOTHING),
    ("Who plays in Monday Night Football?", *_NOTHING),
    ("What did Theresa May say?", *_NOTHING),
    ("Who may win the cup?", *_NOTHING),
    ("Who runs in the 2024 campaign?", *_NOTHING),
    ("Which airport won the J.D. Power 2023 North American study?", *_NOTHING),
    ("What happened on 31 February?", *_NOTHING),
    ("Who was the first woman ever in space?", *_NOTHING),
]  # fmt: skip

# The kind of a phrase, the question, since and until, asked on Wednesday 13 December 2023 at noon.
_PHRASES = [
    ("exact", "What was published in May?", "2023-05-01T00:00", "2023-05-31T23:59"),
    ("exact", "Which articles were published in May 2022?", "2022-05-01T00:00", "2022-05-31T23:59"),
    ("exact", "What is this week's news?", "2023-12-06T00:00", "2023-12-17T23:59"),
    ("exact", "Show me the news from this week", "2023-12-06T00:00", "2023-12-17T23:59"),
    ("exact", "Which reports since Monday name the mayor?", "2023-12-11T00:00", "-"),
    ("exact", "Which stories from last week are about the flood?", "2023-12-04T00:00", "2023-12-10T23:59"),
    ("exact", "What was in the headlines yesterday?", "2023-12-12T00:00", "2023-12-12T23:59"),
    ("exact", "What were today's headlines?", "2023-12-13T00:00", "2023-12-13T23:59"),
    ("exact", "What was the latest news in November?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("exact", "Which article published on 3 May 2023 named him?", "2023-05-03T00:00", "2023-05-03T23:59"),
    ("exact", "What was posted yesterday about the strike?", "2023-12-12T00:00", "2023-12-12T23:59"),
    ("exact", "Coverage of the strike since 1 December", "2023-12-01T00:00", "-"),
    ("exact", "Give me articles from 2022 about the war", "2022-01-01T00:00", "2022-12-31T23:59"),
    ("exact", "Reports between 3 and 5 May", "2023-05-03T00:00", "2023-05-05T23:59"),
    ("exact", "Which reports published last month mention Kyiv?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("exact", "Who was in the news this week?", "2023-12-06T00:00", "2023-12-17T23:59"),
    ("preferred", "What did the group proclaim in 2014?", "2014-01-01T00:00", "2014-12-31T23:59"),
    ("preferred", "Who ordered the fall of the Bastille on July 14, 1789?", "1789-07-14T00:00", "1789-07-14T23:59"),
    ("preferred", "What were the deaths on 3/5/2023?", "2023-05-03T00:00", "2023-05-03T23:59"),
    ("preferred", "What were the deaths on 25/12/2022?", "2022-12-25T00:00", "2022-12-25T23:59"),
    ("preferred", "What happened on 12/25/2022?", "2022-12-25T00:00", "2022-12-25T23:59"),
    ("preferred", "What happened in the last 10 days?", "2023-12-03T12:00", "-"),
    ("preferred", "What did the police find in the past three days?", "2023-12-10T12:00", "-"),
    ("preferred", "What burned last summer?", "2023-06-01T00:00", "2023-08-31T23:59"),
    ("preferred", "What burned in the summer of 2022?", "2022-06-01T00:00", "2022-08-31T23:59"),
    ("preferred", "What did Apple earn last quarter?", "2023-07-01T00:00", "2023-09-30T23:59"),
    ("preferred", "What did Apple earn in Q3 2023?", "2023-07-01T00:00", "2023-09-30T23:59"),
    ("preferred", "What happened on Christmas Day 2022?", "2022-12-25T00:00", "2022-12-25T23:59"),
    ("preferred", "Who travelled over Thanksgiving?", "2023-11-23T00:00", "2023-11-23T23:59"),
    ("preferred", "What happened last Easter?", "2023-04-07T00:00", "2023-04-10T23:59"),
    ("preferred", "What happened on the Fourth of July?", "2023-07-04T00:00", "2023-07-04T23:59"),
    ("preferred", "Who lit the tree on Monday?", "2023-12-11T00:00", "2023-12-11T23:59"),
    ("preferred", "Who spoke on Friday night?", "2023-12-08T00:00", "2023-12-08T23:59"),
    ("preferred", "Who resigned last Wednesday?", "2023-12-06T00:00", "2023-12-06T23:59"),
    ("preferred", "What happened today?", "2023-12-13T00:00", "2023-12-13T23:59"),
    ("preferred", "What happened yesterday?", "2023-12-12T00:00", "2023-12-12T23:59"),
    ("preferred", "What happened the day before yesterday?", "2023-12-11T00:00", "2023-12-11T23:59"),
    ("preferred", "Who won last night?", "2023-12-12T18:00", "2023-12-13T11:59"),
    ("preferred", "What was decided this morning?", "2023-12-13T00:00", "2023-12-13T11:59"),
    ("preferred", "What happened this week?", "2023-12-06T00:00", "2023-12-17T23:59"),
    ("preferred", "What happened last week?", "2023-12-04T00:00", "2023-12-10T23:59"),
    ("preferred", "What happened over the weekend?", "2023-12-09T00:00", "2023-12-10T23:59"),
    ("preferred", "What happened last weekend?", "2023-12-09T00:00", "2023-12-10T23:59"),
    ("preferred", "What happened this month?", "2023-12-01T00:00", "2023-12-31T23:59"),
    ("preferred", "What happened last month?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("preferred", "What happened this year?", "2023-01-01T00:00", "2023-12-31T23:59"),
    ("preferred", "What happened last year?", "2022-01-01T00:00", "2022-12-31T23:59"),
    ("preferred", "What happened in the 1990s?", "1990-01-01T00:00", "1999-12-31T23:59"),
    ("preferred", "What happened in 1789?", "1789-01-01T00:00", "1789-12-31T23:59"),
    ("preferred", "What happened in August?", "2023-08-01T00:00", "2023-08-31T23:59"),
    ("preferred", "What happened in March 2022?", "2022-03-01T00:00", "2022-03-31T23:59"),
    ("preferred", "What happened in December?", "2023-12-01T00:00", "2023-12-31T23:59"),
    ("preferred", "What changed since Monday?", "2023-12-11T00:00", "-"),
    ("preferred", "What changed since 2020?", "2020-01-01T00:00", "-"),
    ("preferred", "What changed since the election on 5 November?", "2023-11-05T00:00", "-"),
    ("preferred", "Who led before 3 May 2022?", "-", "2022-05-02T23:59"),
    ("preferred", "Who led until Friday?", "-", "2023-12-08T23:59"),
    ("preferred", "Who led until the end of October?", "-", "2023-10-31T23:59"),
    ("preferred", "What happened between 3 and 5 May?", "2023-05-03T00:00", "2023-05-05T23:59"),
    ("preferred", "What happened from March to May 2022?", "2022-03-01T00:00", "2022-05-31T23:59"),
    ("preferred", "What happened on November 5th, 2022?", "2022-11-05T00:00", "2022-11-05T23:59"),
    ("preferred", "What happened on the 5th of November?", "2023-11-05T00:00", "2023-11-05T23:59"),
    ("preferred", "What happened on 2023-11-05?", "2023-11-05T00:00", "2023-11-05T23:59"),
    ("preferred", "What happened two days ago?", "2023-12-11T00:00", "2023-12-11T23:59"),
    ("preferred", "What happened a week ago?", "2023-12-04T00:00", "2023-12-10T23:59"),
    ("preferred", "What happened five years ago?", "2018-01-01T00:00", "2018-12-31T23:59"),
    ("preferred", "What happened after 3 May?", "2023-05-04T00:00", "-"),
    ("preferred", "Who died in the first half of 2023?", "2023-01-01T00:00", "2023-06-30T23:59"),
    ("preferred", "What did the bank earn in the first quarter of 2022?", "2022-01-01T00:00", "2022-03-31T23:59"),
    ("preferred", "What happened in the last 24 hours?", "2023-12-12T12:00", "-"),
    ("preferred", "Who died in the past month?", "2023-11-13T12:00", "-"),
    ("preferred", "What happened in late November?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("preferred", "What happened in early 2023?", "2023-01-01T00:00", "2023-12-31T23:59"),
    ("preferred", "What happened on Halloween?", "2023-10-31T00:00", "2023-10-31T23:59"),
    ("preferred", "What happened on Good Friday?", "2023-04-07T00:00", "2023-04-07T23:59"),
    ("preferred", "What happened on Easter Monday 2023?", "2023-04-10T00:00", "2023-04-10T23:59"),
    ("preferred", "What happened on Bastille Day?", "2023-07-14T00:00", "2023-07-14T23:59"),
    ("preferred", "What happened this autumn?", "2023-09-01T00:00", "2023-11-30T23:59"),
    ("preferred", "What happened this weekend?", "2023-12-09T00:00", "2023-12-10T23:59"),
    ("preferred", "What happened last winter?", "2022-12-01T00:00", "2023-02-28T23:59"),
    ("preferred", "What happened last christmas?", "2022-12-24T00:00", "2022-12-26T23:59"),
    ("preferred", "What happened on monday?", "2023-12-11T00:00", "2023-12-11T23:59"),
    ("preferred", "what happened in november?", "2023-11-01T00:00", "2023-11-30T23:59"),
    ("preferred", "What did the court say on Dec. 5?", "2023-12-05T00:00", "2023-12-05T23:59"),
    ("preferred", "What was signed on June 28, 1919?", "1919-06-28T00:00", "1919-06-28T23:59"),
    ("preferred", "What happened within the last couple of days?", "2023-12-11T12:00", "-"),
    ("preferred", "What did he write in his letter of 5 May 1821?", "1821-05-05T00:00", "1821-05-05T23:59"),
    ("none", "Who scored in the last three minutes of the game?", *_NOTHING),
    ("none", "What is known about the launch on 3 February?", *_NOTHING),
    ("none", "What did the minister say about the launch on 3 February?", *_NOTHING),
    ("none", "What did he do for five years?", *_NOTHING),
    ("none", "Who starred in The Day After?", *_NOTHING),
    ("none", "Who directed The Day After Tomorrow?", *_NOTHING),
    ("none", "Which shops open on Black Friday?", *_NOTHING),
    ("none", "Why is it even today the tallest tower?", *_NOTHING),
    ("none", "Who gave the speech at Christmas?", *_NOTHING),
    ("none", "What opened on New Year's Eve?", *_NOTHING),
    ("none", "What will happen tomorrow?", *_NOTHING),
    ("none", "What will happen next week?", *_NOTHING),
    ("none", "What will sea levels be in 2030?", *_NOTHING),
    ("none", "What is planned for February 2024?", *_NOTHING),
    ("none", "Who won Tuesday's jackpot?", *_NOTHING),
    ("none", "Who plays in Monday Night Football?", *_NOTHING),
    ("none", "What did Theresa May say?", *_NOTHING),
    ("none", "Who may win the cup?", *_NOTHING),
    ("none", "Who is in the 2024 campaign?", *_NOTHING),
    ("none", "Who was the first woman ever in space?", *_NOTHING),
    ("none", "Who was Time's person of the year?", *_NOTHING),
    ("none", "Who was sentenced to five years?", *_NOTHING),
    ("none", "How long was the 10-year contract worth?", *_NOTHING),
    ("none", "Who led for the past five years?", *_NOTHING),
    ("none", "What happened on 31 February?", *_NOTHING),
    ("none", "What did the Today Show say?", *_NOTHING),
    ("none", "What does Saturday Night Live mock?", *_NOTHING),
    ("none", "Who hosts Good Morning America?", *_NOTHING),
    ("none", "How many die every year?", *_NOTHING),
    ("none", "How many are born each day?", *_NOTHING),
    ("none", "What does it cost per month?", *_NOTHING),
    ("none", "Who was player of the week?", *_NOTHING),
    ("none", "Who spent two weeks in hospital?", *_NOTHING),
    ("none", "Which comet passes this weekend?", *_NOTHING),
    ("none", "Which shop sells Christmas trees?", *_NOTHING),
    ("none", "Which player was injured in the final minutes?", *_NOTHING),
    ("none", "What happened tonight?", *_NOTHING),
    ("none", "Where did people live in the 19th century?", *_NOTHING),
    ("none", "What did the emperor do in 44 BC?", *_NOTHING),
    ("none", "What happens in 2024?", *_NOTHING),
    ("none", "Who left after three days?", *_NOTHING),
]  # fmt: skip

# Moment in UTC, zone, phrase, since, until in UTC.
_ELSEWHERE = [
    # It is still New Year's Eve in New York.
    ("2024-01-01T03:00", "America/New_York", "today", "2023-12-31T05:00", "2024-01-01T04:59"),
    ("2024-01-01T03:00", "UTC", "today", "2024-01-01T00:00", "2024-01-01T23:59"),
    ("2024-01-01T03:00", "UTC", "last week", "2023-12-25T00:00", "2023-12-31T23:59"),
    ("2024-01-01T03:00", "UTC", "last month", "2023-12-01T00:00", "2023-12-31T23:59"),
    ("2024-01-01T03:00", "UTC", "last year", "2023-01-01T00:00", "2023-12-31T23:59"),
    ("2024-01-01T03:00", "UTC", "last quarter", "2023-10-01T00:00", "2023-12-31T23:59"),
    ("2024-01-01T03:00", "Asia/Tokyo", "yesterday", "2023-12-30T15:00", "2023-12-31T14:59"),
    ("2024-03-01T12:00", "UTC", "yesterday", "2024-02-29T00:00", "2024-02-29T23:59"),
    ("2024-02-29T12:00", "UTC", "in the past year", "2023-02-28T12:00", "-"),
    # Clocks go forward on 26 March 2023 and back on 29 October 2023 in Berlin.
    ("2023-03-26T12:00", "Europe/Berlin", "today", "2023-03-25T23:00", "2023-03-26T21:59"),
    ("2023-03-27T12:00", "Europe/Berlin", "yesterday", "2023-03-25T23:00", "2023-03-26T21:59"),
    ("2023-10-29T12:00", "Europe/Berlin", "today", "2023-10-28T22:00", "2023-10-29T22:59"),
    ("2023-11-01T12:00", "Europe/Berlin", "last week", "2023-10-22T22:00", "2023-10-29T22:59"),
    ("2023-11-01T12:00", "Europe/Berlin", "last month", "2023-09-30T22:00", "2023-10-31T22:59"),
    ("2023-11-06T12:00", "America/New_York", "yesterday", "2023-11-05T04:00", "2023-11-06T04:59"),
    ("2023-11-19T23:30", "Asia/Kolkata", "this week", "2023-11-12T18:30", "2023-11-26T18:29"),
]  # fmt: skip


def _minutes(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    return "-" if moment is None else moment.astimezone(zone or UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(("question", "since", "until"), _ON_A_WEDNESDAY)
def test_on_a_wednesday_at_noon(question: str, since: str, until: str) -> None:
    read = read_time(question, datetime.fromisoformat(f"{_WEDNESDAY}+00:00"), UTC)
    assert (_minutes(read.since), _minutes(read.until)) == (since, until)
    assert (read.phrase is None) == ((since, until) == _NOTHING)


@pytest.mark.parametrize(("now", "zone", "phrase", "since", "until"), _ELSEWHERE)
def test_at_other_moments_and_places(
    now: str, zone: str, phrase: str, since: str, until: str
) -> None:
    moment = datetime.fromisoformat(f"{now}+00:00")
    read = read_time(f"What happened {phrase}?", moment, ZoneInfo(zone))
    assert (_minutes(read.since), _minutes(read.until)) == (since, until)


def test_the_words_for_time_are_no_topic_words() -> None:
    moment = datetime.fromisoformat(f"{_WEDNESDAY}+00:00")
    assert read_time("Which carmaker recalled cars this week?", moment, UTC).rest == "Which carmaker recalled cars?"  # fmt: skip
    assert read_time("What is the latest on the strike?", moment, UTC).latest
    assert read_time("Who was the first ever?", moment, UTC).timeless


@pytest.mark.parametrize(("kind", "question", "since", "until"), _PHRASES)
def test_a_phrase_is_exact_or_preferred_or_no_limit(
    kind: str, question: str, since: str, until: str
) -> None:
    read = read_time(question, datetime.fromisoformat("2023-12-13T12:00+00:00"), UTC)
    found = "none" if read.phrase is None else "exact" if read.exact else "preferred"
    assert (found, _minutes(read.since), _minutes(read.until)) == (kind, since, until)


@pytest.mark.parametrize(
    ("day_first", "since"), [(True, "2023-05-03T00:00"), (False, "2023-03-05T00:00")]
)
def test_figures_of_a_date_are_read_in_the_order_of_the_place(day_first: bool, since: str) -> None:
    moment = datetime.fromisoformat("2023-12-13T12:00+00:00")
    read = read_time("Who died on 3/5/2023?", moment, UTC, day_first=day_first)
    assert _minutes(read.since) == since


def test_names_are_no_time() -> None:
    question = "What did USA today find yesterday?"
    start = question.index("USA")
    moment = datetime.fromisoformat("2023-12-13T12:00+00:00")
    read = read_time(question, moment, UTC, names=[(start, start + len("USA today"))])
    assert read.phrase == "yesterday"


def _phrases_of_languages() -> Iterator[tuple[str, str, str, str, str]]:
    language = ""
    table = Path(__file__).parent / "data" / "time_phrases.txt"
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line[1:-1]
        elif not line.startswith("#"):
            kind, question, *days = (part.strip() for part in line.split(";"))
            since, until = (days[0], days[-1]) if days else _NOTHING
            since += "T00:00" if len(since) == len("2023-12-13") else ""
            until += "T23:59" if len(until) == len("2023-12-13") else ""
            yield language, kind, question, since, until


@pytest.mark.parametrize(
    ("language", "kind", "question", "since", "until"), list(_phrases_of_languages())
)
def test_phrases_of_other_languages(
    language: str, kind: str, question: str, since: str, until: str
) -> None:
    moment = datetime.fromisoformat("2023-12-13T12:00+00:00")
    for said in (None, language):  # told by its own words, and known
        read = read_time(question, moment, UTC, language=said)
        found = "none" if read.phrase is None else "exact" if read.exact else "preferred"
        assert (found, _minutes(read.since), _minutes(read.until)) == (kind, since, until)


@pytest.mark.parametrize("language", sorted(known_languages()))
def test_a_file_of_words_has_all_months_and_weekdays(language: str) -> None:
    words = time_language(language).words
    assert set(words["month"].values()) == {str(number) for number in range(1, 13)}
    assert set(words["weekday"].values()) == {str(number) for number in range(7)}


@pytest.mark.parametrize(
    ("words", "since"),
    [
        ("gestern", "2023-12-12"), ("letzte Woche", "2023-12-04"), ("seit Montag", "2023-12-11"), ("Mai", "2023-05-01"),
        ("ayer", "2023-12-12"), ("la semana pasada", "2023-12-04"), ("hier", "2023-12-12"), ("lundi", "2023-12-11"),
        ("mars 2022", "2022-03-01"), ("ontem", "2023-12-12"), ("segunda-feira", "2023-12-11"), ("ieri", "2023-12-12"),
        ("gisteren", "2023-12-12"), ("dün", "2023-12-12"), ("geçen hafta", "2023-12-04"), ("вчера", "2023-12-12"),
        ("أمس", "2023-12-12"), ("पिछले हफ्ते", "2023-12-04"), ("昨天", "2023-12-12"), ("上周", "2023-12-04"),
        ("昨日", "2023-12-12"), ("先週", "2023-12-04"), ("yesterday", "2023-12-12"), ("last week", "2023-12-04"),
        ("2022", "2022-01-01"), ("3.5.2023", "2023-05-03"), ("three days ago", "2023-12-10"), ("vor drei Tagen", "2023-12-10"),
    ],
)  # fmt: skip
def test_an_option_is_read_in_any_language(words: str, since: str) -> None:
    read = read_option(words, datetime.fromisoformat("2023-12-13T12:00+00:00"), UTC)
    assert read is not None
    assert _minutes(read.since) == f"{since}T00:00"


@pytest.mark.parametrize("words", ["ferry", "🙂", "", "31.2.2023", "Brücke", "地震"])
def test_an_option_that_is_no_time_is_none(words: str) -> None:
    moment = datetime.fromisoformat("2023-12-13T12:00+00:00")
    assert read_option(words, moment, UTC) is None
    assert whole_period(words, moment, UTC) is None


def test_options_of_the_terminal_take_words_beside_dates() -> None:
    moment = datetime.fromisoformat("2023-12-13T12:00+00:00")
    assert _minutes(moment_in_words("gestern", "--since", moment, end=False)) == "2023-12-12T00:00"
    assert _minutes(moment_in_words("gestern", "--until", moment, end=True)) == "2023-12-12T23:59"
    assert (
        _minutes(moment_in_words("2023-11-03", "--since", moment, end=False)) == "2023-11-03T00:00"
    )
    with pytest.raises(typer.BadParameter):
        moment_in_words("ferry", "--since", moment, end=False)
