"""Models and deployments as the rest of the core sees them: resolved, immutable, without secrets' names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiportal.dialects.token_usage import TokenUsage
from aiportal.local import Weights
from aiportal.principal import Principal, fold
from aiportal.registry.confidential import Confidential

__all__ = [
    "Access",
    "Cooldown",
    "Deployment",
    "Model",
    "ModelStatus",
    "Pricing",
    "Retries",
    "Strategy",
    "Timeouts",
]

Strategy = Literal["weighted", "least_busy", "latency", "cost"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to the first byte of the answer, between two reads, for the whole call."""

    connect_s: float = 10
    first_byte_s: float = 300
    between_bytes_s: float = 120
    total_s: float = 3600


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed call is asked again (0: never), and the pauses between: doubled, up to a bound."""

    attempts: int = 2
    base_delay_s: float = 0.2
    max_delay_s: float = 2


@dataclass(frozen=True, slots=True)
class Cooldown:
    """After how many failures in a row a deployment is left alone, and for how long."""

    failures: int = 3
    duration_s: float = 30


@dataclass(frozen=True, slots=True)
class Pricing:
    """USD for a million tokens. None: such tokens cost what others of their direction do."""

    input_per_million: float = 0.0
    output_per_million: float = 0.0
    cached_input_per_million: float | None = None
    cache_write_per_million: float | None = None
    reasoning_per_million: float | None = None
    image_input_per_million: float | None = None
    audio_input_per_million: float | None = None
    audio_output_per_million: float | None = None

    def cost_usd(self, usage: TokenUsage) -> float:
        """What a call costs. Kinds with a price of their own are taken out of their direction's tokens.

        A token of several such kinds counts as the first of them: cached before written to the
        cache, before audio, before image; reasoning before audio. Never negative.
        """
        if not any(usage[2:]):
            prompt_cost = usage.prompt_tokens * self.input_per_million
            return (prompt_cost + usage.completion_tokens * self.output_per_million) / 1_000_000
        prompt = (
            (usage.cached_tokens, self.cached_input_per_million),
            (usage.cache_write_tokens, self.cache_write_per_million),
            (usage.audio_tokens, self.audio_input_per_million),
            (usage.image_tokens, self.image_input_per_million),
        )
        completion = (
            (usage.reasoning_tokens, self.reasoning_per_million),
            (usage.audio_completion_tokens, self.audio_output_per_million),
        )
        micros = _priced(usage.prompt_tokens, self.input_per_million, prompt)
        micros += _priced(usage.completion_tokens, self.output_per_million, completion)
        return micros / 1_000_000


def _priced(tokens: int, price: float, kinds: Iterable[tuple[int, float | None]]) -> float:
    """tokens: all of one direction. kinds: parts of them with prices of their own, None for none."""
    rest, cost = max(tokens, 0), 0.0
    for count, own_price in kinds:
        if own_price is not None:
            taken = min(max(count, 0), rest)
            rest -= taken
            cost += taken * own_price
    return cost + rest * price


@dataclass(frozen=True, slots=True)
class Deployment:
    """One upstream endpoint. `id` names it in headers, rows and pages and holds no address.

    pricing: its own where its file says so, else the model's. confidential: what of this may be told to
    nobody.
    """

    id: str
    dialect: str
    upstream_model: str
    api_base: str | None
    api_key: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    pricing: Pricing = field(default_factory=Pricing)
    weight: float = 1.0
    confidential: Confidential = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = Confidential.of(self.api_key, self.headers, self.api_base)
        object.__setattr__(self, "confidential", found)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a model or a tool: callers with one of these roles, these user names, or in one of
    these groups.

    usernames: in lower case. groups: as `fold` writes them; one that nobody is in admits nobody.
    """

    roles: frozenset[str]
    usernames: frozenset[str]
    groups: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, *, roles: Iterable[str], groups: Iterable[str], users: Iterable[str]
    ) -> "Access | None":
        """From the names that a file has; None where it has none at all: everybody is admitted."""
        access = cls(
            frozenset(roles),
            frozenset(name.lower() for name in users),
            frozenset(map(fold, groups)),
        )
        return access if access.roles or access.usernames or access.groups else None

    def admits(self, principal: Principal) -> bool:
        """True also for every administrator."""
        is_named = principal.role in self.roles or principal.username.lower() in self.usernames
        return principal.is_admin or is_named or not self.groups.isdisjoint(principal.groups)


@dataclass(frozen=True, slots=True)
class Model:
    """A name that a caller may ask for. `system_prompt` and `base_model` only on custom models.

    owner: the id of the user whose it is; others may use it only if `is_shared`.
    is_discovered: no file has it, a model server on this machine offers it.
    fallbacks: models to ask, in order, where this one fails; each is resolved for the caller anew.
    cache_ttl_s: how long an answer may be given again to the same caller, None for never.
    tools: ids of the portal's tools that it calls unless a request says otherwise.
    web_search: the web is searched before it answers, unless a request says otherwise.
    calls_functions: it was taught to; False where its file says what it can do, and not that.
    """

    id: str
    name: str
    provider: str
    description: str
    deployments: tuple[Deployment, ...]
    context_window: int | None
    max_output_tokens: int | None
    capabilities: tuple[str, ...]
    pricing: Pricing
    parameters: Mapping[str, Any]
    system_prompt: str
    base_model: str | None
    weights: Weights | None
    access: Access | None = None
    owner: str | None = None
    is_shared: bool = True
    is_discovered: bool = False
    fallbacks: tuple[str, ...] = ()
    retries: Retries = Retries()
    strategy: Strategy = "weighted"
    timeouts: Timeouts = Timeouts()
    cooldown: Cooldown = Cooldown()
    cache_ttl_s: float | None = None
    tools: tuple[str, ...] = ()
    web_search: bool = False
    calls_functions: bool = True


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and why it cannot serve now: `missing` is empty for one that can, else words."""

    model: Model
    missing: str

    @property
    def is_usable(self) -> bool:
        return not self.missing
