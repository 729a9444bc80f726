"""Models and deployments as the rest of the core sees them: resolved, immutable, without secrets' names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiportal.dialects.token_usage import TokenUsage
from aiportal.local import Weights
from aiportal.principal import Principal

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
        """What a call costs: cached prompt tokens at their own price where there is one."""
        cached_price = (
            self.input_per_million
            if self.cached_input_per_million is None
            else self.cached_input_per_million
        )
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        return (
            (usage.prompt_tokens - cached) * self.input_per_million
            + cached * cached_price
            + usage.completion_tokens * self.output_per_million
        ) / 1_000_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """One upstream endpoint. `id` names it in headers, rows and pages and holds no address.

    pricing: its own where its file says so, else the model's.
    """

    id: str
    dialect: str
    upstream_model: str
    api_base: str | None
    api_key: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    pricing: Pricing = field(default_factory=Pricing)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a model: callers with one of these roles, or these user names."""

    roles: frozenset[str]
    usernames: frozenset[str]

    def admits(self, principal: Principal) -> bool:
        """True also for every administrator."""
        is_named = principal.role in self.roles or principal.username.lower() in self.usernames
        return principal.is_admin or is_named


@dataclass(frozen=True, slots=True)
class Model:
    """A name that a caller may ask for. `system_prompt` and `base_model` only on custom models.

    owner: the id of the user whose it is; others may use it only if `is_shared`.
    is_discovered: no file has it, a model server on this machine offers it.
    fallbacks: models to ask, in order, where this one fails; each is resolved for the caller anew.
    cache_ttl_s: how long an answer may be given again to the same caller, None for never.
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


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and why it cannot serve now: `missing` is empty for one that can, else words."""

    model: Model
    missing: str

    @property
    def is_usable(self) -> bool:
        return not self.missing
