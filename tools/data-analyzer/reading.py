"""From text, a data URL or a file of the call to a table: dialect, numbers and dates are told apart."""

import base64
import binascii
import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pandas as pd

__all__ = ["DataError", "read_table"]

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
SEPARATORS = ",;\t|"
SAMPLED_LINES = 50
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
}
TYPES = ("csv", "json", "excel", "parquet")
DECIMAL_COMMA = re.compile(r"\s*[-+]?(?:\d{1,3}(?:[. ]\d{3})+|\d+)(?:,\d+)?\s*[%€$£]?\s*")
DECIMAL_POINT = re.compile(r"\s*[-+]?[€$£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?\s*%?\s*")
LIKE_DATE = re.compile(
    r"\s*(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:[T ].*)?"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{1,2}\.? [A-Za-z]{3,9}\.? \d{4}|[A-Za-z]{3,9} \d{4})\s*"
)


class DataError(ValueError):
    """The data cannot be read or analysed as asked; the message says why and what to do."""

    is_told = True


def read_table(config: dict[str, Any], notes: list[str]) -> pd.DataFrame:
    """The table of `source`; what was left out or understood is added to `notes`.

    Raises DataError where it cannot be read.
    """
    source = config.get("source")
    if not isinstance(source, str) or not source.strip():
        raise DataError("`source` is empty. Give the data as text, a data URL or a file's name.")
    data, file = _content(source)
    kind = _type(config.get("type"), file, data)
    try:
        frame = _read(kind, data, config, notes)
    except DataError:
        raise
    except (ValueError, TypeError, KeyError, OSError, ImportError, csv.Error) as exc:
        raise DataError(f"The {kind} data cannot be read: {exc}") from exc
    return _checked(frame, notes)


def _content(source: str) -> tuple[bytes, Path | None]:
    if source.startswith("data:"):
        head, comma, body = source.partition(",")
        if not comma:
            raise DataError("The data URL has no comma: `data:text/csv;base64,…`.")
        return (_decoded(body) if head.endswith(";base64") else unquote_to_bytes(body)), None
    name = source.strip()
    if len(name) < 256 and "\n" not in name and "/" not in name and Path(name).is_file():
        return Path(name).read_bytes(), Path(name)
    if len(name) < 256 and Path(name).suffix.lower() in SUFFIXES and not set(name) & set("\n,;{["):
        there = sorted(one.name for one in Path().iterdir() if one.is_file())
        listed = f"There are: {', '.join(there[:20])}." if there else "None came with the call."
        raise DataError(f"There is no file {name!r} in this call. {listed}")
    return source.encode("utf-8", "surrogatepass"), None


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as exc:
        raise DataError(f"The source is not valid base64: {exc}.") from exc


def _type(asked: Any, file: Path | None, data: bytes) -> str:
    if asked in TYPES:
        return str(asked)
    if asked not in (None, "", "auto"):
        raise DataError(f"Unsupported data type: {asked}. There are {', '.join(TYPES)}.")
    if file is not None and file.suffix.lower() in SUFFIXES:
        return SUFFIXES[file.suffix.lower()]
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:2] == b"PK":
        return "excel"
    return "json" if data.lstrip()[:1] in (b"[", b"{") else "csv"


def _read(kind: str, data: bytes, config: dict[str, Any], notes: list[str]) -> pd.DataFrame:
    match kind:
        case "csv":
            return _read_csv(_text(data), config, notes)
        case "json":
            return _read_json(_text(data))
        case "excel":
            sheet = config.get("sheet", 0)
            return pd.read_excel(io.BytesIO(_binary(data, b"PK")), sheet_name=sheet)
    return pd.read_parquet(io.BytesIO(_binary(data, b"PAR1")))


def _binary(data: bytes, magic: bytes) -> bytes:
    """The bytes themselves; text is taken for base64."""
    return data if data.startswith(magic) else _decoded(data.decode("ascii", "replace"))


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _read_csv(text: str, config: dict[str, Any], notes: list[str]) -> pd.DataFrame:
    separator = config.get("delimiter") or _separator(text)
    frame = pd.read_csv(
        io.StringIO(text),
        sep=separator,
        nrows=MAX_ROWS + 1,
        skipinitialspace=True,
        low_memory=False,
    )
    if separator != ",":
        shown = {"\t": "tab"}.get(separator, separator)
        notes.append(f"Columns are separated by `{shown}`.")
    decimal = config.get("decimal") or ("," if separator in ";\t|" else ".")
    for position, name in enumerate(frame.columns):
        if _is_text(frame.iloc[:, position]):
            numbers = _numbers(frame.iloc[:, position], decimal)
            if numbers is not None:
                frame[name] = numbers
    return frame


def _separator(text: str) -> str:
    """The one that cuts the first lines into the same number of pieces, more than one."""
    lines = [line for line in text.splitlines()[:SAMPLED_LINES] if line.strip()]
    best, most = ",", 0.0
    for separator in SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        if not counts or counts[0] < 2:
            continue
        same = sum(count == counts[0] for count in counts) / len(counts)
        score = same * (1 + counts[0] / 1_000)
        if score > most:
            best, most = separator, score
    return best


def _is_text(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column))


def _numbers(column: "pd.Series[Any]", decimal: str) -> "pd.Series[Any] | None":
    """A column of text as numbers where all of it are: `1.234,56`, `1,234.56`, `12 %`, `$3`."""
    values = column.dropna().astype(str)
    pattern = DECIMAL_COMMA if decimal == "," else DECIMAL_POINT
    if values.empty or not values.map(lambda value: pattern.fullmatch(value) is not None).all():
        return None
    plain = column.astype("string").str.replace(r"[\s%€$£]", "", regex=True)
    if decimal == ",":
        plain = plain.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(plain.str.replace(",", "", regex=False)).astype("float64")


def _read_json(text: str) -> pd.DataFrame:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as exc:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith(("{", "[")) for line in lines):
            raise DataError(f"The JSON cannot be read: {exc}.") from exc
        value = [json.loads(line) for line in lines]
    if isinstance(value, dict):
        tables = [one for one in value.values() if isinstance(one, list) and one]
        if len(tables) == 1 and isinstance(tables[0][0], dict):
            value = tables[0]
        elif tables or all(isinstance(one, dict) for one in value.values()):
            return pd.DataFrame(value)
        else:
            value = [value]
    if not isinstance(value, list):
        raise DataError(
            "The JSON is a single value. Give a list of objects, or columns with lists."
        )
    if value and isinstance(value[0], dict):
        return pd.json_normalize(value[: MAX_ROWS + 1], max_level=3)
    return pd.DataFrame(value[: MAX_ROWS + 1])


def _checked(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if frame.shape[1] == 0 or frame.shape[0] == 0:
        raise DataError("The data has no rows. Give a table with a line of names and rows below.")
    if len(frame) > MAX_ROWS:
        notes.append(f"Only the first {MAX_ROWS:,} rows were read.")
        frame = frame.head(MAX_ROWS)
    if frame.shape[1] > MAX_COLUMNS:
        notes.append(f"Only the first {MAX_COLUMNS:,} of {frame.shape[1]:,} columns were read.")
        frame = frame.iloc[:, :MAX_COLUMNS]
    frame = frame.replace([float("inf"), float("-inf")], float("nan"))
    frame.columns = _distinct([str(name).strip() for name in frame.columns])
    for name in frame.columns:
        if _is_text(frame[name]):
            dates = _dates(frame[name])
            frame[name] = frame[name] if dates is None else dates
    return frame


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}.{seen[name] - 1}")
    return found


def _dates(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """A column of text as dates where all of it are; 13/02/2025 shows that days come first."""
    values = column.dropna()
    if values.empty or not all(isinstance(value, str) for value in values):
        return None
    if not values.map(lambda value: LIKE_DATE.fullmatch(value) is not None).all():
        return None
    firsts = values.str.extract(r"^\s*(\d{1,2})([-/.])\d{1,2}[-/.]\d{2,4}").dropna()
    is_day_first = not firsts.empty and (
        bool((firsts[1] == ".").any()) or int(firsts[0].astype(int).max()) > 12
    )
    try:
        return pd.to_datetime(column, format="mixed", dayfirst=is_day_first)
    except (ValueError, TypeError, OverflowError):
        return None
