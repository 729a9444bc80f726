"""What files of people hold: texts and pictures, read in a process of its own.

`FileReader` is in `aiportal.files.reader`: that process must not import what only ours needs.
"""

from aiportal.files.facts import FileFacts, FileKind

__all__ = ["FileFacts", "FileKind"]
