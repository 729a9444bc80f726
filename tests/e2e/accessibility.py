"""What axe-core finds on a page, in light and in dark."""

from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["expect_no_serious_findings"]

MODES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
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
    for mode in MODES:
        page.emulate_media(color_scheme=mode)
        page.evaluate(AT_REST)
        serious = [
            (finding["id"], [node["html"] for node in finding["nodes"]])
            for finding in Axe().run(page).response["violations"]
            if finding["impact"] in {"critical", "serious"}
        ]
        assert not serious, f"{mode}: {serious}"
