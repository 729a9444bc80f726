"""Strengths fitted to votes: against a case worked out by hand, and against known truths."""

import math
import random
from collections import Counter

import pytest

from aiportal.chat.arena.rating import Outcome, Tally, fit, standings, win_chance


def test_of_two_models_the_odds_are_the_votes() -> None:
    tally: Tally = {("x", "y", "a"): 30, ("y", "x", "b"): 30, ("x", "y", "b"): 20}
    strengths = fit(tally, prior_battles=0)
    assert strengths["x"] / strengths["y"] == pytest.approx(60 / 20)
    with_prior = fit(tally)
    chance = with_prior["x"] / (with_prior["x"] + with_prior["y"])
    assert chance == pytest.approx(60 / 80, abs=0.01)
    first, second = standings(tally)
    assert first.rating - second.rating == pytest.approx(400 * math.log10(3), abs=8)
    assert win_chance(first.rating, second.rating) == pytest.approx(chance)
    assert (first.rating + second.rating) / 2 == pytest.approx(1000)


def test_a_tie_and_both_poor_are_half_a_win_for_each() -> None:
    halves: Tally = {("x", "y", "tie"): 10, ("x", "y", "both_poor"): 10, ("x", "y", "a"): 20}
    whole: Tally = {("x", "y", "a"): 30, ("x", "y", "b"): 10}
    assert fit(halves) == pytest.approx(fit(whole))
    x, y = standings(halves)
    assert (x.model, x.battles, x.wins, x.losses, x.ties, x.win_rate) == ("x", 40, 20, 0, 20, 0.75)
    assert (y.model, y.wins, y.losses, y.win_rate) == ("y", 0, 20, 0.25)


def test_one_that_has_never_lost_stays_finite_and_the_prior_fades_with_the_battles() -> None:
    few, many = (standings({("x", "y", "a"): count})[0] for count in (1, 100))
    assert 1000 < few.rating < many.rating < 2000
    assert few.low <= few.rating <= few.high
    assert standings({}) == []


def test_two_groups_that_have_never_met_have_strengths_all_the_same() -> None:
    found = standings({("a", "b", "a"): 5, ("c", "d", "b"): 5})
    assert {one.model for one in found[:2]} == {"a", "d"}
    assert found[0].rating == pytest.approx(found[1].rating)


def test_the_same_votes_give_the_same_intervals_and_more_votes_narrower_ones() -> None:
    tally: Tally = {("x", "y", "a"): 20, ("x", "y", "b"): 12, ("y", "z", "tie"): 9}
    assert standings(tally) == standings(tally)
    more = {key: 16 * count for key, count in tally.items()}
    for before, after in zip(standings(tally), standings(more), strict=True):
        assert after.high - after.low < (before.high - before.low) / 2.5


def _simulated(truth: dict[str, float], votes: int, seed: int) -> Tally:
    source = random.Random(seed)
    counts: Counter[tuple[str, str, Outcome]] = Counter()
    for _ in range(votes):
        first, second = source.sample(list(truth), 2)
        is_first = source.random() < win_chance(truth[first], truth[second])
        counts[first, second, "a" if is_first else "b"] += 1
    return counts


def test_the_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    truth = {"a": 1200.0, "b": 1100.0, "c": 1000.0, "d": 900.0, "e": 800.0}
    covered = total = 0
    for seed in range(25):
        found = standings(_simulated(truth, 400, seed), rounds=100, seed=seed)
        assert abs(sum(one.rating for one in found) / len(found) - 1000) < 1e-6
        covered += sum(one.low <= truth[one.model] <= one.high for one in found)
        total += len(found)
    assert 0.90 <= covered / total <= 0.99
    best = standings(_simulated(truth, 3_000, 1), rounds=10)
    assert [one.model for one in best] == list(truth)
