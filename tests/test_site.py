"""The site as a reader has it: built, opened from its folder without a server, and searched, in a real browser."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import WIDTH

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = [path.relative_to(DOCS) for path in DOCS.rglob("*") if path.suffix in {".md", ".html"}]
TUTORIALS = [f"tutorials/{path.stem}.html" for path in (ROOT / "examples").glob("*.ipynb")]
PAGES = sorted(
    {path.with_suffix(".html").as_posix().replace("README", "index") for path in WRITTEN} | {"changes.html", *TUTORIALS}
)
SEARCH = """async words => {
  const input = document.querySelector("[data-md-component=search-query]");
  input.focus();
  input.value = words;
  input.dispatchEvent(new Event("keyup"));
  for (let tries = 0; tries < 100; tries++) {
    await new Promise(done => setTimeout(done, 100));
    const found = [...document.querySelectorAll(".md-search-result__link")];
    if (found.length) return found.map(link => [link.href, link.innerText.toLowerCase()]);
  }
  return [];
}"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def test_every_page_is_looked_at(site):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert built - {"404.html"} == set(PAGES)  # which servers alone show


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_on_every_screen(page, site, browser):
    browser.open((site / page).as_uri())
    assert browser.faults == browser.requests == []
    for width, scheme in ((1280, "light"), (390, "dark")):
        browser.show_as(width, scheme)
        assert browser.ask(WIDTH) <= width
        assert browser.below_aa() == []


@pytest.mark.parametrize("words", ["posterior collapse", "importance weights"])
def test_the_search_finds(words, site, browser):
    browser.open((site / "index.html").as_uri())
    found = browser.ask(SEARCH, words)
    assert any(all(word in text for word in words.split()) for _, text in found[:5]), found
    assert browser.faults == browser.requests == []
