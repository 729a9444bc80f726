"""The icons: line drawings in a 24-unit square, served as CSS masks that take the text's colour."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PATHS", "icons_css"]

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "chat": "<path d='M21 12a8 8 0 0 1-8 8H4l2-3.2A8 8 0 1 1 21 12z'/>",
        "temporary": "<path stroke-dasharray='3.2 2.6' d='M21 12a8 8 0 0 1-8 8H4l2-3.2A8 8 0 1 1 21 12z'/>",
        "web": "<circle cx='12' cy='12' r='8.5'/><path d='M3.5 12h17M12 3.5c5 5 5 12 0 17-5-5-5-12 0-17z'/>",
        "research": "<circle cx='6' cy='6' r='2.5'/><circle cx='18' cy='6' r='2.5'/>"
        "<circle cx='12' cy='18' r='2.5'/>"
        "<path d='M7.3 8.2 10.8 15.8M16.7 8.2 13.2 15.8M8.5 6h7'/>",
        "tool": "<path transform='translate(-1.5 -1)' d='M14.5 6.5a4 4 0 0 1 5-1l-2.7 2.7 1 2 2 1"
        "L22 8.9a4 4 0 0 1-5.3 4.7L9 21.2a2.1 2.1 0 0 1-3-3l7.7-7.6a4 4 0 0 1 .8-4.1z'/>",
        "mic": "<rect x='9' y='3' width='6' height='11' rx='3'/>"
        "<path d='M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3'/>",
        "sliders": "<path d='M4 7h9M17 7h3M4 17h3M11 17h9'/><circle cx='15' cy='7' r='2'/>"
        "<circle cx='9' cy='17' r='2'/>",
        "plus": "<path d='M12 5v14M5 12h14'/>",
        "search": "<circle cx='11' cy='11' r='6.5'/><path d='m16 16 4.5 4.5'/>",
        "menu": "<path d='M4 7h16M4 12h16M4 17h10'/>",
        "check": "<path d='m5 12.5 4.5 4.5L19 7.5'/>",
        "play": "<path d='M7.5 5v14l11-7z'/>",
        "stop": "<rect x='6.5' y='6.5' width='11' height='11' rx='2' fill='black'/>",
        "up": "<path d='M12 19V5M5.5 11.5 12 5l6.5 6.5'/>",
        "down": "<path d='m6 9 6 6 6-6'/>",
        "left": "<path d='m14.5 6-6 6 6 6'/>",
        "right": "<path d='m9.5 6 6 6-6 6'/>",
        "fork": "<circle cx='6' cy='5.5' r='2'/><circle cx='6' cy='18.5' r='2'/>"
        "<circle cx='18' cy='8.5' r='2'/><path d='M6 7.5v9M6 14.5c0-3 12-1 12-4'/>",
        "copy": "<rect x='8.5' y='8.5' width='11' height='11' rx='2'/>"
        "<path d='M15.5 8.5v-2a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2'/>",
        "retry": "<path d='M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5'/>",
        "good": "<path d='M7.5 10.5 11 4a2 2 0 0 1 2.2 2.4L12.6 9.5h5.2a2 2 0 0 1 2 2.4l-1.2 6a2 2 0 0 1-2 "
        "1.6H7.5zM7.5 10.5H4.5v9h3'/>",
        "poor": "<path d='M7.5 13.5 11 20a2 2 0 0 0 2.2-2.4l-.6-3.1h5.2a2 2 0 0 0 2-2.4l-1.2-6a2 2 0 "
        "0 0-2-1.6H7.5zM7.5 13.5H4.5v-9h3'/>",
        "code": "<path d='m8.5 7-5 5 5 5M15.5 7l5 5-5 5'/>",
        "moon": "<path d='M20 14.5A8 8 0 0 1 9.5 4 8.2 8.2 0 1 0 20 14.5z'/>",
        "sun": "<circle cx='12' cy='12' r='4'/><path d='M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7"
        "M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4'/>",
        "dots": "<circle cx='5.5' cy='12' r='1.2' fill='black'/>"
        "<circle cx='12' cy='12' r='1.2' fill='black'/>"
        "<circle cx='18.5' cy='12' r='1.2' fill='black'/>",
        "info": "<circle cx='12' cy='12' r='8.5'/><path d='M12 11v5M12 7.8h.01'/>",
        "pencil": "<path d='M4.5 19.5 5.6 15 16 4.6a2 2 0 0 1 2.9 2.9L8.5 17.9zM14 6.6l3 3'/>",
        "trash": "<path d='M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7"
        "M10.3 10.5v5.5M13.7 10.5V16'/>",
        "download": "<path d='M12 4v11M8 11.5 12 15l4-3.5M5 19.5h14'/>",
        "pin": "<path d='M9 4h6l-.8 6 3.3 3.5H6.5L9.8 10zM12 13.5V20'/>",
        "archive": "<path d='M3.5 5h17v4h-17zM5 9v10.5h14V9M10 13h4'/>",
        "tag": "<path d='M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5z'/>"
        "<circle cx='8.3' cy='8.3' r='1.2' fill='black'/>",
        "folder": "<path d='M3.5 6.5a1.5 1.5 0 0 1 1.5-1.5h4.5l2 2.5H19A1.5 1.5 0 0 1 20.5 9v8.5"
        "A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5z'/>",
        "back": "<path d='M19 12H5M11 5.5 4.5 12l6.5 6.5'/>",
        "columns": "<rect x='3.5' y='5' width='7' height='14' rx='1.5'/>"
        "<rect x='13.5' y='5' width='7' height='14' rx='1.5'/>",
        "close": "<path d='m6 6 12 12M18 6 6 18'/>",
        "upload": "<path d='M12 15V4M8 7.5 12 4l4 3.5M5 19.5h14'/>",
        "clip": "<path d='m20 11.5-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5"
        "a1.8 1.8 0 0 1-2.5-2.5L15 7'/>",
        "file": "<path d='M6 3.5h8l4.5 4.5v12.5H6zM13.5 4v4.5H18M9 13h6M9 16.5h6'/>",
        "camera": "<path d='M4 7.5h3.5L9 5h6l1.5 2.5H20v11.5H4z'/><circle cx='12' cy='13' r='3.5'/>",
        "link": "<path d='M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0"
        "l-3 3a4 4 0 0 0 5.7 5.7l1-1'/>",
        "keyboard": "<rect x='3' y='6.5' width='18' height='11' rx='2'/>"
        "<path d='M7 10h.01M10.5 10h.01M14 10h.01M17 10h.01M8 14h8'/>",
        "out": "<path d='M10 4.5H6a1.5 1.5 0 0 0-1.5 1.5v12A1.5 1.5 0 0 0 6 19.5h4"
        "M15 8l4 4-4 4M19 12H9.5'/>",
    }
)

_HEAD = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' "
    "stroke-width='1.7' stroke-linecap='round' stroke-linejoin='round'>"
)


def icons_css() -> str:
    """A variable `--i-NAME` and a class `.i-NAME` for each icon; the drawing is a data: URL."""
    variables = "".join(f'--i-{name}:url("{_data_url(path)}");' for name, path in PATHS.items())
    classes = "".join(f".i-{name}::before{{--i:var(--i-{name})}}" for name in PATHS)
    return f":root{{{variables}}}\n{classes}\n"


def _data_url(path: str) -> str:
    escaped = f"{_HEAD}{path}</svg>"
    for character, code in (("<", "%3C"), (">", "%3E"), ("#", "%23")):
        escaped = escaped.replace(character, code)
    return f"data:image/svg+xml,{escaped}"
