"""How verification is measured, and how its thresholds are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bot.answering.verification import Evidence, Outcome, Verdict, Verifier
from bot.evaluation.claims import LabelledClaim, measure_claims

train_verification = pytest.importorskip("tests.benchmarks.train_verification")


class _Told(Verifier):
    """Says what the claim says: its outcome and its support."""

    def check(self, claim: str, passages: Sequence[Evidence]) -> Verdict:
        word, support = claim.split()
        outcomes: dict[str, Outcome] = {
            "yes": "supported",
            "no": "refuted",
            "perhaps": "uncertain",
        }
        return Verdict(float(support), outcomes[word])


def test_strip_pass_and_whole_texts_are_counted_by_set_and_by_model() -> None:
    claims = [
        LabelledClaim(claim, ("passage",), label, text_id, model)
        for claim, label, text_id, model in [
            ("yes 0.9", True, "one", "a"),
            ("yes 0.8", True, "one", "a"),
            ("perhaps 0.5", True, "two", "b"),
            ("no 0.1", True, "two", "b"),
            ("yes 0.7", False, "three", "b"),
            ("no 0.2", False, "three", "b"),
        ]
    ]
    everything, first, second = measure_claims("set", claims, _Told())
    assert (everything.faithful, everything.unfaithful) == (4, 2)
    assert (everything.strip, everything.refuted, everything.passed) == (0.5, 0.25, 0.5)
    assert everything.uncertain == pytest.approx(1 / 6)
    assert everything.whole == 0.5
    assert everything.area == pytest.approx(5 / 8)
    assert (first.model, first.strip, first.passed, first.whole) == ("a", 0.0, None, 1.0)
    assert (second.model, second.strip, second.passed, second.whole) == ("b", 1.0, 0.5, 0.0)


def test_a_set_without_claims_has_no_rates() -> None:
    [rates] = measure_claims("empty", [], _Told())
    assert (rates.faithful, rates.unfaithful, rates.strip, rates.passed) == (0, 0, None, None)
    assert "strip -" in rates.line()


def test_thresholds_keep_to_what_may_pass_and_be_refuted_in_the_mean_and_in_each_set() -> None:
    generator = np.random.default_rng(3)
    sets, support = {}, {}
    for name, shift in (("easy", 0.4), ("hard", 0.05)):
        labels = generator.random(2_000) < 0.6
        support[name] = np.clip(0.4 + shift * labels + generator.normal(0, 0.15, 2_000), 0, 1)
        nothing = np.zeros(2_000, dtype=int)
        sets[name] = train_verification.ClaimSet(np.zeros((2_000, 1)), labels, nothing, nothing)
    limits = train_verification.choose(sets, support)
    assert limits["refuted"] < limits["supported"] < limits["sure"]
    passed, refuted = [], []
    for name, one in sets.items():
        found = train_verification.outcomes(
            support[name], one, limits["supported"], limits["refuted"]
        )
        passed.append((found[~one.labels] == 1).mean())
        refuted.append((found[one.labels] == -1).mean())
    assert np.mean(passed) <= 0.15
    assert max(passed) <= 0.25
    assert np.mean(refuted) <= 0.025
    assert min(passed) > 0  # and no stricter than they have to be
    assert max(refuted) > 0.01
