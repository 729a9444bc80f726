"""Models made by hand, for tests of the router's parts."""

from collections.abc import Sequence
from dataclasses import replace

from aiportal.registry import Deployment, Model, Pricing

__all__ = ["deployment", "model"]


def deployment(name: str = "one", *, weight: float = 1.0, price: float = 0.0) -> Deployment:
    """price: of a million tokens in."""
    return Deployment(
        id=name,
        dialect="openai",
        upstream_model="fast",
        api_base=f"http://127.0.0.1:1/{name}",
        api_key=None,
        headers={},
        pricing=Pricing(input_per_million=price),
        weight=weight,
    )


def model(deployments: Sequence[Deployment], **changes: object) -> Model:
    """`acme/fast`, served by these. changes: of its other fields."""
    plain = Model(
        id="acme/fast",
        name="Fast",
        provider="acme",
        description="",
        deployments=tuple(deployments),
        context_window=None,
        max_output_tokens=None,
        capabilities=("chat",),
        pricing=Pricing(),
        parameters={},
        system_prompt="",
        base_model=None,
        weights=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # any field of the dataclass
