"""Analyses a table: CSV, JSON, Excel or Parquet in; figures, rows and pictures out."""

from datetime import UTC, datetime
from typing import Any

from analyses import ANALYSES, filtered
from reading import DataError, read_table

__all__ = ["run"]


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """The guide's answer: `success`, `results` by the analysis's name, `message`, `timestamp`.

    Raises DataError in words where the data or what is asked of it is wrong.
    """
    config = parameters.get("data_config")
    if not isinstance(config, dict):
        raise DataError("Give `data_config`: an object with `type`, `source` and `analysis`.")
    analysis = config.get("analysis", "summary")
    if analysis not in ANALYSES:
        raise DataError(f"There is no analysis {analysis!r}. There are: {', '.join(ANALYSES)}.")
    notes: list[str] = []
    frame = read_table(config, notes)
    rows = len(frame)
    if config.get("filters"):
        frame = filtered(frame, config["filters"]).reset_index(drop=True)
        if frame.empty and analysis != "filter":
            raise DataError(f"None of the {rows:,} rows passes the filters.")
    results = ANALYSES[analysis](frame, config, notes)
    kind = config.get("type") or "tabular"
    return {
        "success": True,
        "results": results,
        "message": f"Successfully analyzed {kind} data with {analysis} analysis",
        "rows": rows,
        "notes": notes,
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
    }
