"""Where a folder of configuration lives: chosen, in the working folder, in the data folder, packaged."""

import shutil
from pathlib import Path

__all__ = ["folder_in_use", "lay_out_folder"]


def folder_in_use(name: str, chosen: Path | None, data_dir: Path) -> Path:
    """`chosen`, else the first folder of that name that has a `config.json`. Changes nothing."""
    if chosen is not None:
        return chosen
    in_working_folder = Path(name)
    if (in_working_folder / "config.json").is_file():
        return in_working_folder.resolve()
    in_data_folder = data_dir / name
    return in_data_folder if (in_data_folder / "config.json").is_file() else _packaged(name)


def lay_out_folder(name: str, chosen: Path | None, data_dir: Path) -> None:
    """Put the packaged folder into the data folder, to be changed there, if it is what is used."""
    packaged = _packaged(name)
    if folder_in_use(name, chosen, data_dir) == packaged:
        shutil.copytree(packaged, data_dir / name, dirs_exist_ok=True)


def _packaged(name: str) -> Path:
    package = Path(__file__).parent.parent
    installed = package / "_packaged" / name
    return installed if installed.is_dir() else package.parent / name
