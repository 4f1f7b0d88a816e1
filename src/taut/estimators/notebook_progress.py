"""Bars in a notebook: text that one output shows and changes, with no widgets to install."""

from __future__ import annotations

import io
import time
from typing import Any

from rich.console import Console
from rich.progress import Progress

# Between two changes of the output, in seconds: a notebook keeps up with no more.
PAUSE = 0.25
WIDTH = 100


def show_text(text: str) -> None:
    """Text as one output of its own."""
    from IPython.display import display  # noqa: PLC0415  # pyright: ignore[reportMissingImports]  only Jupyter has it

    display(_text(text), raw=True)


class NotebookProgress(Progress):
    """A `rich.progress.Progress` that Jupyter shows as plain text, in the colours of the notebook, while it runs."""

    def start(self) -> None:
        """Show an output that can be changed."""
        from IPython.display import display  # noqa: PLC0415  # pyright: ignore[reportMissingImports]  only Jupyter has it

        self._shown, self._last = display(_text(""), raw=True, display_id=True), 0.0

    def update(self, *args: Any, **changed: Any) -> None:
        """As of a `Progress`; what is shown follows, but not too often."""
        super().update(*args, **changed)
        if time.monotonic() - self._last >= PAUSE:
            self._last = time.monotonic()
            console = Console(file=io.StringIO(), width=WIDTH, force_jupyter=False, color_system=None)
            with console.capture() as capture:
                console.print(self.get_renderable())
            self._shown.update(_text(capture.get()), raw=True)

    def stop(self) -> None:
        """Leave nothing behind."""
        self._shown.update(_text(""), raw=True)


def _text(text: str) -> dict[str, str]:
    return {"text/plain": text.rstrip()}
