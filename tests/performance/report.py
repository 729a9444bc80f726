"""What one run of the bench found, as a table for people and as JSON."""

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["Finding", "as_json", "as_table", "missed"]


@dataclass(frozen=True)
class Finding:
    """One figure. bound: the target, None where the figure is only told.

    kind: `least` for a target that the value must reach, `most` for one it must not pass.
    detail: what the figure is made of.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    kind: Literal["least", "most"] = "most"
    detail: str = ""

    @property
    def is_met(self) -> bool:
        if self.bound is None:
            return True
        return self.value >= self.bound if self.kind == "least" else self.value <= self.bound

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        sign = "≥" if self.kind == "least" else "≤"
        return f"{'met' if self.is_met else 'MISSED'} ({sign} {self.bound:g})"


def missed(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.is_met]


def as_json(findings: list[Finding]) -> list[dict[str, object]]:
    return [asdict(finding) | {"is_met": finding.is_met} for finding in findings]


def as_table(findings: list[Finding]) -> str:
    """Columns: name, value, unit, verdict, detail; one finding a line."""
    rows = [
        (finding.name, _number(finding.value), finding.unit, finding.verdict, finding.detail)
        for finding in findings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for name, value, unit, verdict, detail in rows:
        cells = (
            name.ljust(widths[0]),
            value.rjust(widths[1]),
            unit.ljust(widths[2]),
            verdict.ljust(widths[3]),
            detail,
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
