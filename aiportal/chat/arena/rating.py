"""How strong models are, from who was preferred to whom: the model of Bradley and Terry.

The odds that one is preferred to another are the ratio of their strengths. The strengths are those
under which the votes are most likely, found by the MM algorithm of Hunter (Annals of Statistics 32,
2004, section 3). A tie, and "both are poor" as well, counts as half a win for each.

Of a model that has never lost the likelihood would have the strength infinite. So each has one tied
battle more, against an imagined opponent of strength 1: it pulls gently to the middle, and ever less
the more real battles there are.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Outcome", "Standing", "Tally", "fit", "standings", "win_chance"]

Outcome = Literal["a", "b", "tie", "both_poor"]
Tally = Mapping[tuple[str, str, Outcome], int]
"""How many votes there were for each model A, model B and outcome."""

PRIOR_BATTLES: Final = 1.0
MEAN_RATING: Final = 1000.0
SCALE: Final = 400.0  # points for odds of ten to one, as Elo's
ROUNDS: Final = 200  # of the bootstrap
MAX_STEPS: Final = 1_000
SEED: Final = 20_040_301  # any: the same votes shall give the same intervals


@dataclass(frozen=True, slots=True)
class Standing:
    """One model. rating: on Elo's scale, the mean of all is 1000; low, high: its 95 % interval.

    battles: those that were voted on; win_rate: of them, ties as half.
    """

    model: str
    rating: float
    low: float
    high: float
    battles: int
    wins: int
    losses: int
    ties: int

    @property
    def win_rate(self) -> float:
        return (self.wins + self.ties / 2) / self.battles


def standings(tally: Tally, *, rounds: int = ROUNDS, seed: int = SEED) -> list[Standing]:
    """All models that were voted on, the strongest first. Takes a second for 10,000 votes.

    The intervals come from a bootstrap: `rounds` times as many votes are drawn from the votes, with
    replacement, and the strengths fitted anew.
    """
    models = sorted({model for first, second, _ in tally for model in (first, second)})
    if not models:
        return []
    fitted = fit(tally)
    ratings = _ratings(models, fitted)
    drawn: list[list[float]] = [[] for _ in models]
    for sample in _samples(tally, rounds, seed):
        again = _ratings(models, fit(sample, models=models, begin=fitted, tolerance=1e-4))
        for values, value in zip(drawn, again, strict=True):
            values.append(value)
    found = [
        _standing(tally, model, rating, values)
        for model, rating, values in zip(models, ratings, drawn, strict=True)
    ]
    return sorted(found, key=lambda one: -one.rating)


def fit(
    tally: Tally,
    *,
    models: Sequence[str] = (),
    begin: Mapping[str, float] | None = None,
    prior_battles: float = PRIOR_BATTLES,
    tolerance: float = 1e-8,
) -> dict[str, float]:
    """The strength of each model.

    models: further ones, of which there may be no vote. begin: where the search starts.
    prior_battles: tied battles with the imagined opponent; with 0 only ratios mean anything, and one
    that has never lost has no end. tolerance: of the natural logarithm of a strength.
    """
    wins = dict.fromkeys(models, 0.0)
    met: Counter[tuple[str, str]] = Counter()
    for (first, second, outcome), count in tally.items():
        wins[first] = wins.get(first, 0.0) + count * _share(outcome)
        wins[second] = wins.get(second, 0.0) + count * (1 - _share(outcome))
        met[min(first, second), max(first, second)] += count
    strengths = {model: (begin or {}).get(model, 1.0) for model in wins}
    for _ in range(MAX_STEPS):
        weights = dict.fromkeys(strengths, 0.0)
        for (first, second), count in met.items():
            weight = count / (strengths[first] + strengths[second])
            weights[first] += weight
            weights[second] += weight
        following = {
            model: (wins[model] + prior_battles / 2)
            / (weights[model] + prior_battles / (strength + 1))
            for model, strength in strengths.items()
        }
        moved = max(abs(math.log(following[one] / strengths[one])) for one in strengths)
        strengths = following
        if moved < tolerance:
            break
    return strengths


def win_chance(first: float, second: float) -> float:
    """How likely a model of one rating is preferred to one of another, 0 to 1."""
    return 1 / (1 + 10 ** ((second - first) / SCALE))


def _share(outcome: Outcome) -> float:
    """Of a win, for model A."""
    return {"a": 1.0, "b": 0.0}.get(outcome, 0.5)


def _ratings(models: Sequence[str], strengths: Mapping[str, float]) -> list[float]:
    logs = [math.log10(strengths[model]) for model in models]
    middle = sum(logs) / len(logs)
    return [MEAN_RATING + SCALE * (one - middle) for one in logs]


def _samples(tally: Tally, rounds: int, seed: int) -> Iterator[Tally]:
    kinds, counts = list(tally), list(tally.values())
    source = random.Random(seed)  # noqa: S311 - statistics, no secret
    for _ in range(rounds):
        yield Counter(source.choices(kinds, counts, k=sum(counts)))


def _standing(tally: Tally, model: str, rating: float, drawn: list[float]) -> Standing:
    wins = losses = ties = 0
    for (first, second, outcome), count in tally.items():
        if model not in (first, second):
            continue
        if outcome not in ("a", "b"):
            ties += count
        elif model == (first if outcome == "a" else second):
            wins += count
        else:
            losses += count
    drawn.sort()
    low, high = (drawn[round(share * (len(drawn) - 1))] for share in (0.025, 0.975))
    battles = wins + losses + ties
    return Standing(model, rating, min(low, rating), max(high, rating), battles, wins, losses, ties)
