"""Which upstream speaks a deployment's dialect."""

from aiportal.registry import Deployment
from aiportal.routing.upstreams.call import Upstream

__all__ = ["Upstreams"]


class Upstreams:
    """by_dialect: those of ours. other: what speaks every other dialect."""

    def __init__(self, by_dialect: dict[str, Upstream], other: Upstream) -> None:
        self._by_dialect = by_dialect
        self._other = other

    def of(self, deployment: Deployment) -> Upstream:
        """What to ask this deployment through."""
        return self._by_dialect.get(deployment.dialect, self._other)
