"""What axe-core finds on a page, in light and in dark."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["expect_no_serious_findings"]

Mode = Literal["light", "dark"]
ALL_RULES: Final = {"resultTypes": ["violations"]}
COLOUR_RULES: Final = ALL_RULES | {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
}
# The mode changes colours and nothing else.
MODES: Final[Mapping[Mode, Mapping[str, Any]]] = {"light": ALL_RULES, "dark": COLOUR_RULES}
# Until colours have arrived at those of the other mode: one that is inherited may set off the next.
AT_REST: Final = """async () => {
  const onTheWay = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
  do {
    await Promise.allSettled(onTheWay().map((one) => one.finished));
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  } while (onTheWay().length);
}"""


def expect_no_serious_findings(page: Page) -> None:
    """Fail for a critical or serious finding. The page follows the system's mode meanwhile."""
    for mode, options in MODES.items():
        page.emulate_media(color_scheme=mode)
        page.evaluate(AT_REST)
        serious = [
            (finding["id"], [node["html"] for node in finding["nodes"]])
            for finding in Axe().run(page, options=dict(options)).response["violations"]
            if finding["impact"] in {"critical", "serious"}
        ]
        assert not serious, f"{mode}: {serious}"
