"""The files of `model_config/`, as pydantic models. DESIGN: `config.json` and one file a model."""

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from aiportal.registry.models import Strategy

__all__ = [
    "AccessEntry",
    "CacheEntry",
    "ConfigFile",
    "CooldownEntry",
    "CustomDraft",
    "DeploymentEntry",
    "LimitsEntry",
    "ModelFile",
    "ModelTimeoutsEntry",
    "PricingEntry",
    "ProviderEntry",
    "RateLimitEntry",
    "RetriesEntry",
    "TimeoutsEntry",
    "WeightsEntry",
]

Dialect = Literal["openai", "local", "anthropic", "gemini", "bedrock", "vertex_ai", "cohere"]
ModelId = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9._:@-]+/[A-Za-z0-9._:/@-]+$")
]
ProviderName = Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
ApiBase = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Fallbacks = Annotated[tuple[ModelId, ...], Field(max_length=20)]
Usd = Annotated[float, Field(ge=0, le=1e6)]
SystemPrompt = Annotated[str, StringConstraints(max_length=100_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=4_000)]
CustomId = Annotated[str, StringConstraints(pattern=r"^custom/[a-z0-9][a-z0-9._-]{0,79}$")]
# A file is written with indents, which would make more of deep ones than there is memory for.
MAX_PARAMETER_LEVELS = 32
MAX_PARAMETER_CHARS = 200_000
# What a call is about, or how it is answered, is for the caller to say.
NOT_DEFAULTS = frozenset({"messages", "model", "stream", "stream_options"})


def _check_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    if taken := sorted(NOT_DEFAULTS & parameters.keys()):
        raise ValueError(f"{', '.join(taken)} cannot have a default")
    if not _is_shallow(parameters, MAX_PARAMETER_LEVELS):
        raise ValueError(f"nested more than {MAX_PARAMETER_LEVELS} levels deep")
    if (size := len(json.dumps(parameters, ensure_ascii=False))) > MAX_PARAMETER_CHARS:
        raise ValueError(f"has {size} characters; at most {MAX_PARAMETER_CHARS} are taken")
    return parameters


def _is_shallow(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inside)


Parameters = Annotated[dict[str, Any], AfterValidator(_check_parameters)]


class _File(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class ProviderEntry(_File):
    """Where a provider is reached. `api_key_env` None (null) means that none is needed."""

    dialect: Dialect = "openai"
    api_base: ApiBase | None = None
    api_key_env: str | None = None
    headers: dict[str, str] = {}


class LimitsEntry(_File):
    max_body_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 32 * 1024 * 1024
    max_messages: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    max_content_chars: Annotated[int, Field(ge=1, le=100_000_000)] = 1_000_000


class TimeoutsEntry(_File):
    """Seconds."""

    connect: Annotated[float, Field(gt=0, le=300)] = 10
    first_byte: Annotated[float, Field(gt=0, le=3600)] = 300
    between_bytes: Annotated[float, Field(gt=0, le=3600)] = 120
    total: Annotated[float, Field(gt=0, le=86_400)] = 3600


class ModelTimeoutsEntry(_File):
    """Seconds; what is left out is as in config.json."""

    connect: Annotated[float, Field(gt=0, le=300)] | None = None
    first_byte: Annotated[float, Field(gt=0, le=3600)] | None = None
    between_bytes: Annotated[float, Field(gt=0, le=3600)] | None = None
    total: Annotated[float, Field(gt=0, le=86_400)] | None = None


class RetriesEntry(_File):
    """How often a failed call is asked again, and the seconds between. A number alone: `attempts`."""

    attempts: Annotated[int, Field(ge=0, le=10)] = 2
    base_delay: Annotated[float, Field(ge=0, le=60)] = 0.2
    max_delay: Annotated[float, Field(ge=0, le=300)] = 2


def _attempts(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"attempts": value} if is_number else value


RetriesField = Annotated[RetriesEntry, BeforeValidator(_attempts)]


class CooldownEntry(_File):
    """After how many failures in a row a deployment is left alone, and for how many seconds."""

    failures: Annotated[int, Field(ge=1, le=1_000)] = 3
    seconds: Annotated[float, Field(gt=0, le=3600)] = 30


class CacheEntry(_File):
    """For how many seconds an answer may be given again to the same caller."""

    ttl: Annotated[float, Field(gt=0, le=30 * 86_400)]


class ConfigFile(_File):
    """`config.json`. What stands in a model's file goes before what stands here."""

    hot_reload: bool = True
    default_model: ModelId = "local/smollm2-135m-instruct"
    limits: LimitsEntry = LimitsEntry()
    timeouts: TimeoutsEntry = TimeoutsEntry()
    retries: RetriesField = RetriesEntry()
    cooldown: CooldownEntry = CooldownEntry()
    strategy: Strategy = "weighted"
    fallbacks: dict[ModelId, Fallbacks] | Fallbacks = ()
    providers: dict[ProviderName, ProviderEntry] = {}


class PricingEntry(_File):
    """USD for a million tokens. What is left out costs what other tokens of its direction do."""

    input_per_million: Usd = 0.0
    output_per_million: Usd = 0.0
    cached_input_per_million: Usd | None = None
    cache_write_per_million: Usd | None = None
    reasoning_per_million: Usd | None = None
    image_input_per_million: Usd | None = None
    audio_input_per_million: Usd | None = None
    audio_output_per_million: Usd | None = None


class DeploymentEntry(_File):
    """One endpoint that serves the model; what is left out comes from the model or the provider."""

    api_base: ApiBase | None = None
    api_key_env: str | None = None
    upstream_model: str | None = None
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    pricing: PricingEntry | None = None


class WeightsEntry(_File):
    """Where the weights of an embedded model come from."""

    source: Annotated[str, StringConstraints(pattern=r"^(hf:|https?://|pypi:|path:).+")]
    file: str | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    size_bytes: Annotated[int, Field(gt=0)] | None = None
    licence: str | None = None
    memory_bytes: Annotated[int, Field(gt=0)] | None = None


class RateLimitEntry(_File):
    """Requests and tokens a minute, and calls at once."""

    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    parallel: Annotated[int, Field(ge=1)] | None = None


class AccessEntry(_File):
    """Who may use the model; administrators always may. Nobody named: everybody."""

    roles: tuple[Literal["admin", "user"], ...] = ()
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


class ModelFile(_File):
    """One file below `models/`. A custom model names a `base_model` instead of a provider.

    owner: the id of the user whose it is. `tools` and `web_search` are read by what comes to use
    them; `rate_limit` is not enforced yet, which is told as a problem of the file.
    """

    id: ModelId
    provider: ProviderName | None = None
    name: Name | None = None
    description: Description = ""
    enabled: bool = True
    upstream_model: str | None = None
    api_base: ApiBase | None = None
    api_key_env: str | None = None
    dialect: Dialect | None = None
    context_window: Annotated[int, Field(ge=1)] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    capabilities: tuple[str, ...] = ("chat",)
    pricing: PricingEntry = PricingEntry()
    parameters: Parameters = {}
    deployments: tuple[DeploymentEntry, ...] = ()
    weights: WeightsEntry | None = None
    base_model: ModelId | None = None
    system_prompt: SystemPrompt = ""
    fallbacks: Fallbacks | None = None
    retries: RetriesField | None = None
    cooldown: CooldownEntry | None = None
    strategy: Strategy | None = None
    timeouts: ModelTimeoutsEntry = ModelTimeoutsEntry()
    cache: CacheEntry | None = None
    rate_limit: RateLimitEntry | None = None
    access: AccessEntry | None = None
    tools: tuple[str, ...] = ()
    web_search: bool = False
    owner: str | None = None
    shared: bool | None = None

    @property
    def is_shared(self) -> bool:
        """Whether others than its owner may use it: as the file says, else if it has no owner."""
        return self.owner is None if self.shared is None else self.shared


class CustomDraft(_File):
    """What its owner says of a custom model. Without an `id` it is made from the name."""

    id: CustomId | None = None
    name: Name | None = None
    description: Description = ""
    base_model: ModelId
    system_prompt: SystemPrompt = ""
    parameters: Parameters = {}
    tools: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    web_search: bool = False
    shared: bool = False
