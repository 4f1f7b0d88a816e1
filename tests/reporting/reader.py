"""The page as a reader sees it."""

import html.parser
from unittest import mock

from taut.record import Ledger
from taut.reporting import render_page

NASTY = "<script>alert('$x^2$')</script>"


class Reader(html.parser.HTMLParser):
    """What a reader sees: texts, images, and every address the page names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.images, self.tags, self.addresses, self._silent = [], [], [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.addresses += [given[name] for name in ("src", "srcset", "href") if name in given]
        if tag == "img":
            self.images.append(given)
        self._silent += tag == "style"

    def handle_endtag(self, tag):
        self._silent -= tag == "style"

    def handle_data(self, data):
        if not self._silent:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def words_of(ledger: Ledger) -> str:
    """The words of the page, its pictures left blank: drawing takes a second, reading none."""
    with mock.patch("taut.reporting.pictures.canvas._drawn", return_value="data:,"):
        return Reader(render_page(ledger)).text
