"""Read `model_config/` from disk. A bad file becomes a problem that names file, field and remedy."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from aiportal.registry.folders import folder_in_use, lay_out_folder
from aiportal.registry.schema import ConfigFile, ModelFile
from aiportal.settings import Settings

__all__ = [
    "ConfigProblem",
    "ModelConfig",
    "config_folder",
    "lay_out",
    "read_config",
    "read_file",
]

FileModel = TypeVar("FileModel", bound=BaseModel)
NAME = "model_config"
MAX_FILES = 5_000
MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong: in which file and field, what stands there, what is allowed."""

    file: str
    field: str
    value: str
    allowed: str

    def __str__(self) -> str:
        at = f"{self.file}: `{self.field}`" if self.field else self.file
        found = f" is {self.value}" if self.value else ""
        return f"{at}{found}: {self.allowed}"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The valid part of the folder, with the problems of the rest.

    models: file name relative to the folder, and content. bad: names of files that hold no valid
    model. is_missing: there is no folder of models, which is not the same as an empty one.
    """

    folder: Path
    config: ConfigFile
    models: tuple[tuple[str, ModelFile], ...]
    problems: tuple[ConfigProblem, ...]
    bad: tuple[str, ...] = ()
    is_missing: bool = False


def config_folder(settings: Settings) -> Path:
    """Where the model config lives. Changes nothing; see `lay_out`."""
    return folder_in_use(NAME, settings.model_config_dir, settings.data_dir)


def lay_out(settings: Settings) -> None:
    """Put the packaged model config into the data folder, to be changed there, if it is what is used."""
    lay_out_folder(NAME, settings.model_config_dir, settings.data_dir)


def read_config(folder: Path, before: ModelConfig | None = None) -> ModelConfig:
    """Read and check every file. Never raises for what a file holds.

    before: as it was read last. Its config.json serves on where the one of now is bad, and its files
    keep their ids against others that come to claim the same.
    """
    problems: list[ConfigProblem] = []
    config = read_file(folder / "config.json", folder, ConfigFile, problems)
    if config is None:
        config = before.config if before is not None else ConfigFile()
    is_missing = not (folder / "models").is_dir()
    paths = _model_paths(folder, problems)
    if len(paths) > MAX_FILES:
        words = f"more than {MAX_FILES} files; those after {paths[MAX_FILES - 1].name} are left out"
        problems.append(ConfigProblem("models", "", "", words))
    found: dict[str, ModelFile | None] = {
        path.relative_to(folder).as_posix(): read_file(path, folder, ModelFile, problems)
        for path in paths[:MAX_FILES]
    }
    models = _without_doubles(found, before, problems)
    return ModelConfig(
        folder=folder,
        config=config,
        models=tuple(models.items()),
        problems=tuple(problems),
        bad=tuple(file for file in found if file not in models),
        is_missing=is_missing,
    )


def _model_paths(folder: Path, problems: list[ConfigProblem]) -> list[Path]:
    """Without what is hidden: editors' and our own temporary files, and folders such as `.git`."""

    def unreadable(error: OSError) -> None:
        file = Path(error.filename).relative_to(folder).as_posix()
        problems.append(ConfigProblem(file, "", "", f"cannot be read ({error.strerror})"))

    found: list[Path] = []
    for parent, folders, files in os.walk(folder / "models", onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        visible = [name for name in files if name.endswith(".json") and not name.startswith(".")]
        found += [Path(parent, name) for name in visible]
    return sorted(found)


def _without_doubles(
    found: Mapping[str, ModelFile | None],
    before: ModelConfig | None,
    problems: list[ConfigProblem],
) -> dict[str, ModelFile]:
    """Each id once: for the file that had it already, else for the first by name."""
    held = {file: entry.id for file, entry in before.models} if before is not None else {}
    good = {file: entry for file, entry in found.items() if entry is not None}
    owners: dict[str, str] = {}
    for file in sorted(good, key=lambda file: (held.get(file) != good[file].id, file)):
        model_id = good[file].id
        owner = owners.setdefault(model_id, file)
        if owner != file:
            words = f"already the id of {owner}; choose another"
            problems.append(ConfigProblem(file, "id", repr(model_id), words))
    return {file: entry for file, entry in good.items() if owners[entry.id] == file}


def read_file(
    path: Path, folder: Path, kind: type[FileModel], problems: list[ConfigProblem]
) -> FileModel | None:
    """A JSON object of `kind`; None for what is not, with what is wrong added to `problems`.

    folder: what the file is named in relation to.
    """
    file = path.relative_to(folder).as_posix()
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            problems.append(ConfigProblem(file, "", "", f"larger than {MAX_FILE_BYTES} bytes"))
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return kind.model_validate(content)
        problems.append(ConfigProblem(file, "", "", "is not a JSON object"))
    except OSError as error:
        problems.append(ConfigProblem(file, "", "", f"cannot be read ({error.strerror})"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        problems.append(ConfigProblem(file, "", "", f"is not JSON in UTF-8: {error}"))
    except RecursionError:
        problems.append(ConfigProblem(file, "", "", "is nested too deeply"))
    except ValidationError as error:
        problems += [
            ConfigProblem(
                file, ".".join(map(str, found["loc"])), repr(found["input"])[:80], found["msg"]
            )
            for found in error.errors(include_url=False)
        ]
    return None
