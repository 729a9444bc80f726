"""The portal's figures in Prometheus' text format, made when they are asked for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from aiportal.routing import DeploymentFigures

__all__ = ["CONTENT_TYPE", "Snapshot", "as_text"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LABELS = ("deployment", "provider", "dialect")
_COUNTERS: Mapping[str, str] = {
    "calls": "Calls that went to the deployment.",
    "failures": "Calls that it did not answer, or not to the end.",
    "prompt_tokens": "Tokens that went in.",
    "completion_tokens": "Tokens that came out.",
    "cost_usd": "What they cost, by the model config's prices.",
}
_GAUGES: Mapping[str, str] = {
    "in_flight": "Calls under way.",
    "is_cooling": "1 while the breaker keeps calls away.",
}


@dataclass(frozen=True, eq=False)  # a registry keeps collectors by identity
class Snapshot(Collector):
    """The figures of one moment. answers: by HTTP status."""

    deployments: Sequence[DeploymentFigures]
    answers: Counter[int]

    def collect(self) -> Iterable[Metric]:
        """What prometheus_client asks a collector for."""
        answers = CounterMetricFamily(
            "aiportal_http_answers", "Answers that have begun, by status.", labels=("status",)
        )
        for status, count in sorted(self.answers.items()):
            answers.add_metric((str(status),), count)
        yield answers
        for name, words in _COUNTERS.items():
            yield self._filled(CounterMetricFamily, name, words)
        for name, words in _GAUGES.items():
            yield self._filled(GaugeMetricFamily, name, words)
        latency = SummaryMetricFamily(
            "aiportal_deployment_first_byte_seconds",
            "Until an answer had begun (streamed) or was there (unstreamed).",
            labels=LABELS,
        )
        for each in self.deployments:
            latency.add_metric(_labels(each), each.answers, each.latency_ms_sum / 1000)
        yield latency

    def _filled(
        self, kind: type[CounterMetricFamily] | type[GaugeMetricFamily], name: str, words: str
    ) -> Metric:
        family = kind(f"aiportal_deployment_{name}", words, labels=LABELS)
        for each in self.deployments:
            family.add_metric(_labels(each), float(getattr(each, name)))
        return family


def as_text(snapshot: Snapshot) -> bytes:
    """The whole page, with figures of the process. Reads `/proc`: not for the event loop."""
    registry = CollectorRegistry()
    registry.register(snapshot)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return generate_latest(registry)


def _labels(figures: DeploymentFigures) -> tuple[str, str, str]:
    return figures.deployment, figures.provider, figures.dialect
