"""Signals: Ctrl-C, and SIGTERM as clusters send it, end a command with what it has done kept, and end it soon."""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator

from taut.cli.exit_codes import INTERRUPTED, TERMINATED

# Clusters wait some seconds between SIGTERM and SIGKILL; ten is the least among those in use.
GRACE = 4.0


@dataclasses.dataclass
class Heard:
    """Which signal came, 0 for none."""

    number: int = 0

    def __call__(self, number: int, _: object) -> None:
        """The handler: as that of Ctrl-C, and SIGTERM but once."""
        self.number = number
        if number == signal.SIGTERM:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt


@contextlib.contextmanager
def answered() -> Iterator[Heard]:
    """Answer signals in this block as a command does, also while the main thread is inside a library.

    Python runs handlers between its own steps only. A compilation is one step, so a thread watches beside it: what is
    not closed `GRACE` seconds after SIGTERM is left as it is on the disk, and so is all at the third Ctrl-C.
    """
    heard = Heard()
    if threading.current_thread() is not threading.main_thread():
        yield heard  # Signals go to the main thread, which is not ours.
        return

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # A process in the background may have been told to ignore Ctrl-C.
    answers = (
        {signal.SIGTERM, signal.SIGINT} if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN else {signal.SIGTERM}
    )
    before = {number: signal.signal(number, heard) for number in answers}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)


def _watch(reader: int) -> None:
    """Until the other end is closed."""
    interrupts = 0
    with open(reader, "rb", buffering=0) as sent:
        while number := sent.read(1):
            if number[0] == signal.SIGTERM:
                threading.Thread(target=_leave_after_grace, daemon=True).start()
            interrupts += number[0] == signal.SIGINT
            if interrupts > 2:
                os._exit(INTERRUPTED)


def _leave_after_grace() -> None:
    time.sleep(GRACE)
    os.write(2, b"Terminated; what was written before is kept.\n")
    os._exit(TERMINATED)
