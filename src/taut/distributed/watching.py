"""A process that dies, hangs or leaves ends those that wait for it, with a sentence."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

# Of a process that ends because another one did.
LOST = 4
EVERY = 2.0
# Looks in a row without a sign of life. Not seconds: a machine that is busy slows both, who looks and who is looked at.
MISSED = 15
SILENCE = round(MISSED * EVERY)
LONGEST = 24 * 3600.0


@contextlib.contextmanager
def leave_unless(seconds: float, sentence: str) -> Iterator[None]:
    """End this process with the sentence, unless the block is done in time."""
    timer = threading.Timer(seconds, _leave, (sentence,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Watch:
    """Each process says every two seconds on the board that the first one keeps that it lives, and looks at the others.

    JAX looks, too, and would end all with a stack trace; this ends them before, with a sentence.
    """

    def __init__(self, process: int, processes: int, *, leave: Callable[[str], None] | None = None) -> None:
        self.process, self.others = process, [other for other in range(processes) if other != process]
        self.processes, self._leave = processes, leave or _leave
        self._done, self.left = threading.Event(), False
        self._seen: dict[int, tuple[str, int]] = dict.fromkeys(self.others, ("", 0))

    @contextlib.contextmanager
    def kept(self) -> Iterator[Watch]:
        """Watch while the block runs, and until the others have ended theirs; one that fails tells them why."""
        thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        thread.start()
        try:
            yield self
        except BaseException as error:
            if _between_processes(error):
                # Another one is gone; the watch will know which, and end this one.
                thread.join(4 * MISSED * EVERY)
            self.leave(" ".join(str(error).split()) or "it was interrupted.")
            raise
        if not self.left:
            _board().wait_at_barrier("taut/ended", int(LONGEST * 1000))
            self._done.set()

    def leave(self, why: str) -> None:
        """Tell the others that this one does not go on. The first one stays until they have read it."""
        self._done.set()
        self.left = True
        _say_left(self.process, why)
        until = time.monotonic() + 3 * EVERY
        while self.process == 0 and time.monotonic() < until and len(_read("taut/left/")) < self.processes:
            time.sleep(EVERY / 10)

    def _watch(self) -> None:
        beat = 0
        while not self._done.wait(EVERY):
            beat += 1
            try:
                _board().key_value_set(f"taut/lives/{self.process}", str(beat), allow_overwrite=True)
                lives, left = (_read(f"taut/{what}/") for what in ("lives", "left"))
            except Exception:
                self._end("Process 0, which the others meet at, is gone.")
                return
            sentence = self.judged(lives, left)
            if sentence is not None:
                self._end(sentence)
                return

    def judged(self, lives: dict[int, str], left: dict[int, str]) -> str | None:
        """What is wrong with the others by what they last said, if anything."""
        for other in self.others:
            if other in left:
                return f"Process {other} of {self.processes} has left: {left[other]}"
            beat, missed = self._seen[other]
            same = lives.get(other, "") == beat
            self._seen[other] = lives.get(other, ""), missed + 1 if same else 0
            if missed + same > MISSED:
                return (
                    f"Process {other} of {self.processes} has died or hangs: nothing was heard of it for {SILENCE} s."
                )
        return None

    def _end(self, sentence: str) -> None:
        if not self._done.is_set():
            _say_left(self.process, "it ended with the others.")
            self._leave(
                f"{sentence} All have ended; `taut fit --resume RUN` goes on from the last state that was kept."
            )


def _board() -> Any:
    # JAX has no public way to it; orbax uses the same one.
    from jax._src.distributed import global_state  # noqa: PLC0415

    return global_state.client


def _say_left(process: int, why: str) -> None:
    with contextlib.suppress(Exception):  # where the board is gone, nobody would read it
        _board().key_value_set(f"taut/left/{process}", why[:500])


def _between_processes(error: BaseException) -> bool:
    """Whether it is what an exchange between processes fails with: JAX has no class for it."""
    return isinstance(error, RuntimeError | ValueError) and any(name in str(error) for name in ("Gloo", "NCCL"))


def _read(place: str) -> dict[int, str]:
    return {int(name.rpartition("/")[2]): value for name, value in _board().key_value_dir_get(place)}


def _leave(sentence: str) -> None:
    """End at once: other threads may wait for ever for a process that is gone."""
    sys.stdout.flush()
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  nothing else is left to say it
    os._exit(LOST)
