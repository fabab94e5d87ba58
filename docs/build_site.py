"""What MkDocs is told beside its configuration: pages from the top folder, pictures, and the reports of the sample."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "data" / "reports"
TOP_PAGES = ("CONTRIBUTING.md", "SECURITY.md")
NO_REPORTS = "They are not here, because the sample has not run: `make docs` runs it first."


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies outside of docs/."""
    for name in TOP_PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text(encoding="utf-8")))
    for picture in sorted((ROOT / ".github").glob("*.png")):
        files.append(File.generated(config, f"images/{picture.name}", abs_src_path=str(picture)))
    for file in _list_reports():
        files.append(File.generated(config, f"reports/{file.relative_to(REPORTS)}", abs_src_path=str(file)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links out of docs/ into links within the site, and list the reports."""
    if page.file.src_uri in TOP_PAGES:
        markdown = re.sub(r"\[([^\]]+)\]\((?!https?:|#|docs/)[^)]+\)", r"\1", markdown).replace("](docs/", "](")
    markdown = re.sub(r"\]\(\.\./(CONTRIBUTING|SECURITY)\.md", r"](\1.md", markdown)
    markdown = markdown.replace("](../.github/", "](images/")
    return markdown.replace("<!-- reports -->", _tell_reports())


def _list_reports() -> list[Path]:
    """Pages and pictures of the pipeline."""
    return sorted(file for file in REPORTS.rglob("*") if file.suffix in (".html", ".png", ".svg"))


def _tell_reports() -> str:
    pages = [file for file in _list_reports() if file.suffix == ".html"]
    if not pages:
        return NO_REPORTS
    lines = (f"- [{_read_title(file)}](reports/{file.relative_to(REPORTS).as_posix()})" for file in pages)
    return "\n".join(lines)


def _read_title(file: Path) -> str:
    """The title of a page, as text that Markdown leaves alone."""
    found: list[str] = []

    class Titles(HTMLParser):
        def handle_data(self, data: str) -> None:
            if self.lasttag == "title" and not found:
                found.append(data)

    Titles().feed(file.read_text(encoding="utf-8"))
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", found[0].strip() if found else file.stem)
