"""A real browser, asked by its command line what it made of a page."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
FRAME = '<iframe style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>'
ASK = """<script>onload = () => {{
  const ask = {question};
  document.title = JSON.stringify([...document.querySelectorAll("iframe")].map(frame => ask(frame.contentWindow)));
}}</script>"""

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def answers(pages: list[tuple[str, int]], question: str, folder: Path, *flags: str) -> list[Any]:
    """What a function of a window, in JavaScript, says of each page shown at its width; one start of the browser."""
    frames = "".join(FRAME.format(width=width, page=html.escape(page)) for page, width in pages)
    outer = folder / "frames.html"
    outer.write_text(f"<!doctype html>{frames}{ASK.format(question=question)}", "utf-8")
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", outer.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    title = re.search(r"<title>(.*?)</title>", dom)
    assert title is not None, dom[-500:]
    return json.loads(html.unescape(title[1]))
