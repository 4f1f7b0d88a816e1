"""The page as a reader sees it."""

import html.parser
from unittest import mock

from taut.record import Ledger
from taut.reporting import render_page

NASTY = "<script>alert('$x^2$')</script>"


class Reader(html.parser.HTMLParser):
    """What a reader sees: texts, images, and every address the page names; `at_first` is what is not folded away."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.images, self.tags, self.addresses, self._silent = [], [], [], [], 0
        self.at_first, self._folds, self._summaries = [], 0, 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.addresses += [given[name] for name in ("src", "srcset", "href") if name in given]
        if tag == "img":
            self.images.append(given)
        self._silent += tag == "style"
        self._folds += tag == "details"
        self._summaries += tag == "summary"

    def handle_endtag(self, tag):
        self._silent -= tag == "style"
        self._folds -= tag == "details"
        self._summaries -= tag == "summary"

    def handle_data(self, data):
        if not self._silent:
            self.texts.append(data)
            if self._folds <= (self._summaries > 0):
                self.at_first.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def undrawn(ledger: Ledger) -> str:
    """The page, its pictures left blank: drawing takes a second or more."""
    with mock.patch("taut.reporting.pictures.canvas._drawn", return_value="data:,"):
        return render_page(ledger)


def read(ledger: Ledger) -> Reader:
    """The page without its pictures, taken apart."""
    return Reader(undrawn(ledger))


def words_of(ledger: Ledger) -> str:
    """The words of the page."""
    return read(ledger).text
