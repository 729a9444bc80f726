"""Read `model_config/` from disk. A bad file becomes a problem that names file, field and remedy."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from aiportal.registry.schema import ConfigFile, ModelFile
from aiportal.settings import Settings

__all__ = ["ConfigProblem", "ModelConfig", "config_folder", "lay_out", "read_config"]

FileModel = TypeVar("FileModel", bound=BaseModel)
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
    """The valid part of the folder, with the problems of the rest."""

    folder: Path
    config: ConfigFile
    models: tuple[tuple[str, ModelFile], ...]  # file name relative to the folder, content
    problems: tuple[ConfigProblem, ...]


def config_folder(settings: Settings) -> Path:
    """Where the model config lives. Changes nothing; see `lay_out`."""
    if settings.model_config_dir is not None:
        return settings.model_config_dir
    in_working_folder = Path("model_config")
    if (in_working_folder / "config.json").is_file():
        return in_working_folder.resolve()
    in_data_folder = settings.data_dir / "model_config"
    return in_data_folder if (in_data_folder / "config.json").is_file() else _packaged()


def lay_out(settings: Settings) -> None:
    """Put the packaged model config into the data folder, to be changed there, if it is what is used."""
    if config_folder(settings) == _packaged():
        shutil.copytree(_packaged(), settings.data_dir / "model_config", dirs_exist_ok=True)


def _packaged() -> Path:
    package = Path(__file__).parent.parent
    installed = package / "_packaged" / "model_config"
    return installed if installed.is_dir() else package.parent / "model_config"


def read_config(folder: Path) -> ModelConfig:
    """Read and check every file. Never raises for what a file holds."""
    problems: list[ConfigProblem] = []
    config = _read(folder / "config.json", folder, ConfigFile, problems) or ConfigFile()
    models: dict[str, tuple[str, ModelFile]] = {}
    for path in sorted((folder / "models").rglob("*.json"))[:MAX_FILES]:
        entry = _read(path, folder, ModelFile, problems)
        if entry is None:
            continue
        file = path.relative_to(folder).as_posix()
        if entry.id in models:
            other = models[entry.id][0]
            problems.append(
                ConfigProblem(
                    file, "id", repr(entry.id), f"already the id of {other}; choose another"
                )
            )
        else:
            models[entry.id] = (file, entry)
    return ModelConfig(folder, config, tuple(models.values()), tuple(problems))


def _read(
    path: Path, folder: Path, kind: type[FileModel], problems: list[ConfigProblem]
) -> FileModel | None:
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
