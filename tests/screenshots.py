"""Pictures of every page of a project that has run, in both themes, on a desk and on a phone, to be looked at.

    python tests/screenshots.py PROJECT FOLDER [BATCH...]

Without batches, the first three that have a page. Needs a Chromium on the machine.
"""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

SIZES = ({"width": 1200, "height": 850}, {"width": 390, "height": 850})
"""Of a desk and of a phone."""


@contextlib.contextmanager
def serving(project: Path) -> Iterator[str]:
    """The link that a running server prints."""
    words = [sys.executable, "-m", "pratique.cli", "review", "serve"]
    server = subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[1]
    finally:
        server.terminate()
        server.wait(20)


def shoot(context: BrowserContext, address: str, file: Path, whole: bool) -> None:
    """One page, from top to bottom or as much as a window shows."""
    page = context.new_page()
    page.goto(address)
    page.screenshot(path=file, full_page=whole)
    page.close()
    print(file)


def main() -> None:
    """Take them all."""
    project, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    reports = project / "data/reports"
    found = sorted((reports / "batches").glob("*/*.html"))
    chosen = [reports / f"batches/{name}.html" for name in sys.argv[3:]] or found[:3]
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, serving(project) as link:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.new_page().goto(link)
        cookies, home = context.storage_state(), link.split("/enter")[0]
        for theme, size in product(("light", "dark"), SIZES):
            context = browser.new_context(viewport=size, color_scheme=theme, storage_state=cookies)
            look = f"{theme}-{size['width']}"
            for path in (reports / "index.html", *chosen):
                name = path.relative_to(reports).with_suffix("").as_posix().replace("/", "-")
                shoot(context, path.as_uri(), folder / f"{name}-{look}.png", whole=True)
            live = chosen[0].relative_to(reports).as_posix()
            for name, address in (("queue", ""), ("batch", live), ("versions", "versions.html")):
                shoot(context, f"{home}/{address}", folder / f"server-{name}-{look}.png", whole=False)
        browser.close()


if __name__ == "__main__":
    main()
