"""The page in a real browser: a frame of the given width, asked how wide its content became."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from taut.reporting import render_page
from tests.reporting import ledgers
from tests.reporting.columns import renamed, with_columns
from tests.reporting.measured import as_log_joint, conditional, measured, stopped

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DIGITS = ledgers.digits_ledger()
LONG = "a" * 120
CASES = {
    "digits": DIGITS,
    "two_sided": ledgers.two_sided(DIGITS),
    "measured": measured(DIGITS),
    "stopped_log_joint": stopped(as_log_joint(measured(DIGITS))),
    "long_condition": conditional(measured(DIGITS), "x" * 200),
    "table": ledgers.table(DIGITS),
    "columns": with_columns(DIGITS),
    "many_columns": with_columns(DIGITS, 200),
    "long_columns": renamed(with_columns(DIGITS, 21), LONG),
    "bare": ledgers.bare(DIGITS),
    "long_labels": ledgers.with_labels(DIGITS, [LONG, "b"]),
}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=5000",
]
WIDTHS = (1280, 390)
FRAME = '<iframe style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>'
MEASURE = """<script>onload = () => {
  document.title = [...document.querySelectorAll("iframe")].map(frame => {
    const inside = frame.contentDocument, images = [...inside.images];
    const loaded = images.filter(image => image.complete && image.naturalWidth > 0).length;
    return `wide=${inside.documentElement.scrollWidth} images=${loaded}/${images.length}`;
  }).join(" ");
}</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("name", list(CASES))
def test_nothing_scrolls_sideways_and_every_picture_shows(name, tmp_path):
    measured = _measured(render_page(CASES[name]), tmp_path)
    assert len(measured) == len(WIDTHS)
    for width, (wide, loaded, images) in zip(WIDTHS, measured, strict=True):
        assert wide <= width
        assert loaded == images > 0


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_measure_can_fail(tmp_path):
    page = '<!doctype html><div style="width:1300px">wide</div><img src="data:image/png;base64,AAAA" alt="broken">'
    assert _measured(page, tmp_path) == [(1308, 0, 1), (1308, 0, 1)]


def _measured(page: str, tmp_path: Path) -> list[tuple[int, int, int]]:
    """For each width: how wide the content became, pictures that show, pictures."""
    frame = tmp_path / "frame.html"
    frames = "".join(FRAME.format(width=width, page=html.escape(page)) for width in WIDTHS)
    frame.write_text(f"<!doctype html>{frames}{MEASURE}", "utf-8")
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", frame.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    title = re.search(r"<title>(.*?)</title>", dom)
    assert title is not None, dom[-500:]
    found = re.findall(r"wide=(\d+) images=(\d+)/(\d+)", title[1])
    return [(int(wide), int(loaded), int(images)) for wide, loaded, images in found]
