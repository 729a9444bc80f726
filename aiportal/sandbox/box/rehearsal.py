"""What a zygote does once, so that no call has to: libraries import much of themselves when used.

Nothing is kept and no thread is left; see `profiles` for what is imported.
"""

import io
import sys
from typing import Any

__all__ = ["rehearse"]


def rehearse() -> None:
    """A small table and a small picture, where the libraries for them have been imported."""
    pandas, pyplot = sys.modules.get("pandas"), sys.modules.get("matplotlib.pyplot")
    if pandas is not None:
        _table(pandas)
    if pyplot is not None:
        _picture(pyplot)
    if pandas is not None and pyplot is not None:
        _frame(pandas).plot()
        pyplot.close("all")


def _table(pandas: Any) -> None:
    frame = _frame(pandas)
    frame.groupby("kind")["value"].agg(["mean", "sum"])
    frame.describe()
    frame[["value"]].corr()
    frame.to_csv(io.StringIO())


def _picture(pyplot: Any) -> None:
    pyplot.plot([1, 4, 9])
    pyplot.title("1")
    pyplot.savefig(io.BytesIO(), format="png")
    pyplot.close("all")


def _frame(pandas: Any) -> Any:
    return pandas.DataFrame({"kind": ["a", "b", "a"], "value": [1.0, 2.0, 3.5]})
