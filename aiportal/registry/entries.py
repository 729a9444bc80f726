"""What the entries of the files mean for the core."""

from dataclasses import replace

from aiportal.local import Weights
from aiportal.registry.models import Access, Cooldown, Pricing, Retries, Timeouts
from aiportal.registry.schema import (
    AccessEntry,
    CooldownEntry,
    ModelTimeoutsEntry,
    PricingEntry,
    RetriesEntry,
    TimeoutsEntry,
    WeightsEntry,
)

__all__ = [
    "access_of",
    "cooldown_of",
    "own_timeouts",
    "pricing_of",
    "retries_of",
    "timeouts_of",
    "weights_of",
]


def access_of(entry: AccessEntry | None) -> Access | None:
    """None for everybody."""
    if entry is None:
        return None
    return Access.of(roles=entry.roles, groups=entry.groups, users=entry.users)


def weights_of(entry: WeightsEntry | None) -> Weights | None:
    """Where the weights of an embedded model are."""
    if entry is None:
        return None
    return Weights(
        source=entry.source,
        file=entry.file,
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        licence=entry.licence,
        memory_bytes=entry.memory_bytes,
    )


def timeouts_of(entry: TimeoutsEntry) -> Timeouts:
    """What config.json says for every model."""
    return Timeouts(entry.connect, entry.first_byte, entry.between_bytes, entry.total)


def own_timeouts(entry: ModelTimeoutsEntry, common: Timeouts) -> Timeouts:
    """A model's own, else what is common to all."""
    own = {f"{name}_s": value for name, value in entry if value is not None}
    return replace(common, **own)


def retries_of(entry: RetriesEntry) -> Retries:
    """How often, and how far apart."""
    return Retries(entry.attempts, entry.base_delay, entry.max_delay)


def cooldown_of(entry: CooldownEntry) -> Cooldown:
    """When, and for how long."""
    return Cooldown(entry.failures, entry.seconds)


def pricing_of(entry: PricingEntry) -> Pricing:
    """Field by field: both have the same names."""
    return Pricing(**dict(entry))
