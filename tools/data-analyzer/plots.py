"""Pictures of tables: readable at 600 pixels, saved as files and told as data URLs."""

import base64
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from cycler import cycler

mpl.use("agg")

from matplotlib import pyplot as plt

__all__ = ["KINDS", "draw", "heatmap", "trend_lines"]

KINDS = ("line", "bar", "scatter", "hist", "box")
COLOURS = ["#2563eb", "#ea580c", "#16a34a", "#9333ea", "#dc2626", "#0891b2", "#ca8a04", "#64748b"]
WIDTH = 6.4
DPI = 110
MAX_CATEGORIES = 30
MAX_SERIES = 8
MAX_POINTS = 5_000
MAX_LABEL = 18
STYLE: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "font.size": 10.5,
    "grid.alpha": 0.3,
    "lines.linewidth": 1.8,
    "savefig.dpi": DPI,
}


@contextmanager
def _figure(name: str, made: dict[str, str], *, height: float, rows: int = 1) -> Iterator[Any]:
    """Axes to draw on; at the end the picture is in the file and, as a data URL, in `made`."""
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(rows, 1, figsize=(WIDTH, height), squeeze=False)
        try:
            yield axes[:, 0]
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png")
        finally:
            plt.close(figure)
    Path(f"{name}.png").write_bytes(buffer.getvalue())
    made[name] = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def heatmap(correlation: pd.DataFrame) -> str:
    """A data URL of the correlations as colours, with the numbers where there is room."""
    made: dict[str, str] = {}
    count = len(correlation)
    labels = [_short(name) for name in correlation.columns]
    with _figure("heatmap", made, height=min(8.0, max(3.6, 1.8 + 0.45 * count))) as (axes,):
        axes.grid(visible=False)
        image = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        axes.figure.colorbar(image, ax=axes, label="correlation")
        axes.set_xticks(range(count), labels, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(count), labels)
        axes.set_title("Correlation")
        for row in range(count if count <= 10 else 0):
            for column in range(count):
                value = correlation.iat[row, column]
                colour = "white" if abs(value) > 0.6 else "black"
                if not math.isnan(value):
                    axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    return made["heatmap"]


def trend_lines(
    along: "pd.Series[Any]", columns: pd.DataFrame, lines: dict[str, tuple[Any, Any]]
) -> str:
    """A data URL: one row for each column over `along`, with its straight line dashed."""
    made: dict[str, str] = {}
    names = list(columns.columns)[:MAX_SERIES]
    height = min(16.0, 0.6 + 2.3 * len(names))
    with _figure("trends_plot", made, height=height, rows=len(names)) as rows:
        for axes, name in zip(rows, names, strict=True):
            marker = "o" if len(columns) <= 40 else ""
            known = columns[name].notna()
            axes.plot(along[known], columns[name][known], marker=marker, markersize=3.5)
            if name in lines:
                axes.plot(*lines[name], linestyle="--", linewidth=1.2, color="#64748b")
            axes.set_title(_short(name, 50))
            _thousands(axes)
        rows[-1].set_xlabel(_short(str(along.name), 50))
        rows[0].figure.autofmt_xdate(rotation=30)
    return made["trends_plot"]


def draw(frame: pd.DataFrame, options: dict[str, Any], notes: list[str]) -> str:
    """A data URL of a plot: `kind` of KINDS, `x` a column or None, `y` columns, `title`, `unit`."""
    made: dict[str, str] = {}
    kind, x, y = options["kind"], options["x"], options["y"][:MAX_SERIES]
    if len(options["y"]) > MAX_SERIES:
        notes.append(f"Only the first {MAX_SERIES} of {len(options['y'])} columns are drawn.")
    with _figure("plot", made, height=4.0) as (axes,):
        match kind:
            case "bar":
                _bars(axes, frame, x, y, notes)
            case "hist":
                values = [frame[name].dropna().to_numpy(dtype=float) for name in y]
                bins = min(40, max(5, round(math.sqrt(max(map(len, values))))))
                axes.hist(values, bins=bins, label=y, edgecolor="white", linewidth=0.5)
                axes.set_ylabel("rows")
            case "box":
                values = [frame[name].dropna().to_numpy(dtype=float) for name in y]
                axes.boxplot(values, tick_labels=[_short(name) for name in y])
            case _:
                _points(axes, frame, options, notes)
        _labelled(axes, kind, x, y, options.get("title"))
    return made["plot"]


def _bars(axes: Any, frame: pd.DataFrame, x: str | None, y: list[str], notes: list[str]) -> None:
    if len(frame) > MAX_CATEGORIES:
        notes.append(f"Only the first {MAX_CATEGORIES} of {len(frame):,} bars are drawn.")
        frame = frame.head(MAX_CATEGORIES)
    labels = [_short(_said(one)) for one in (frame[x] if x else frame.index)]
    places, width = np.arange(len(frame)), 0.8 / len(y)
    for number, name in enumerate(y):
        axes.bar(places + (number - (len(y) - 1) / 2) * width, frame[name], width, label=name)
    is_long = sum(map(len, labels)) > 55
    axes.set_xticks(
        places, labels, rotation=40 if is_long else 0, ha="right" if is_long else "center"
    )
    axes.grid(visible=False, axis="x")


def _points(axes: Any, frame: pd.DataFrame, options: dict[str, Any], notes: list[str]) -> None:
    x = options["x"]
    if len(frame) > MAX_POINTS:
        notes.append(f"{MAX_POINTS:,} of {len(frame):,} points are drawn, evenly taken.")
        frame = frame.iloc[np.linspace(0, len(frame) - 1, MAX_POINTS).astype(int)]
    if options["kind"] == "line" and x:
        frame = frame.sort_values(x)
    along = frame[x] if x else pd.Series(range(1, len(frame) + 1), index=frame.index)
    for name in options["y"][:MAX_SERIES]:
        if options["kind"] == "scatter":
            axes.scatter(along, frame[name], s=22, alpha=0.7, label=name, edgecolors="none")
        else:
            known = frame[name].notna()
            marker = "o" if len(frame) <= 40 else ""
            axes.plot(along[known], frame[name][known], label=name, marker=marker)
    if x and pd.api.types.is_datetime64_any_dtype(frame[x]):
        axes.figure.autofmt_xdate(rotation=30)


def _labelled(axes: Any, kind: str, x: str | None, y: list[str], title: Any) -> None:
    of_x = f" by {x}" if x and kind in ("bar", "line", "scatter") else ""
    names = ", ".join(y[:3]) + ("…" if len(y) > 3 else "")
    axes.set_title(_short(str(title) if title else f"{names}{of_x}", 60))
    if kind == "hist" and len(y) == 1:
        axes.set_xlabel(_short(y[0], 40))
    elif kind != "hist" and kind != "box":
        axes.set_xlabel(_short(x or "row", 40))
        axes.set_ylabel(_short(y[0], 40) if len(y) == 1 else "")
    if len(y) > 1 and kind != "box":
        axes.legend(frameon=False, fontsize=9.5)
    _thousands(axes)


def _thousands(axes: Any) -> None:
    """1,200,000 rather than 1.2 and 1e6 in a corner."""
    low, high = axes.get_ylim()
    if max(abs(low), abs(high)) >= 10_000:
        axes.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))


def _said(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return str(value.strftime("%Y-%m-%d" if value == value.normalize() else "%Y-%m-%d %H:%M"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _short(text: Any, most: int = MAX_LABEL) -> str:
    words = str(text).replace("$", r"\$")
    return words if len(words) <= most else f"{words[: most - 1]}…"
