"""Callbacks: told how a fit is set, of each epoch, and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from taut.distributed import is_first_process
from taut.errors import OptionError
from taut.fitting import Outcome, Progress
from taut.record import HistoryRow


@runtime_checkable
class Callback(Protocol):
    """Who follows a fit. What its methods raise ends the fit, so that a search can prune it.

    >>> class Printed:
    ...     def on_begin(self, settings):
    ...         print("begins with", settings["latent_dim"], "latents")
    ...
    ...     def on_epoch(self, record):
    ...         print("epoch", record.epoch)
    ...
    ...     def on_end(self, outcome):
    ...         print(outcome.code)
    >>> import numpy as np, taut
    >>> rows = np.random.default_rng(0).normal(size=(40, 2))
    >>> vae = taut.VAE(1, hidden=(), max_epochs=2, random_state=0).fit(rows, callbacks=[Printed()])
    begins with 1 latents
    epoch 1
    epoch 2
    budget spent
    """

    def on_begin(self, settings: Mapping[str, Any]) -> None:
        """Before the first epoch, or where a fit is resumed: its options and what it is fitted to, as plain values."""

    def on_epoch(self, record: HistoryRow) -> None:
        """After each epoch: its number from 1, the bound on training and held-out rows in nats, its seconds."""

    def on_end(self, outcome: Outcome | None) -> None:
        """At the end; None where an error ended the fit."""


class Following:
    """The callbacks of one fit; `outcome` is set when it has ended."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = callbacks
        self.outcome: Outcome | None = None

    def __call__(self, progress: Progress) -> None:
        """After an epoch."""
        for each in self.callbacks:
            each.on_epoch(progress.record)


@contextlib.contextmanager
def following(callbacks: Sequence[Any], settings: Callable[[], Mapping[str, Any]]) -> Iterator[Following]:
    """Tell callbacks of the fit in this block; of several processes the first one tells.

    Raises OptionError for what is no callback.
    """
    for each in callbacks if isinstance(callbacks, Sequence) else (None,):
        if not isinstance(each, Callback):
            raise OptionError(
                "`callbacks` wants a list of objects with on_begin, on_epoch and on_end; got one of type "
                f"{type(each).__name__}; give it these methods."
            )
    told = Following(callbacks if is_first_process() else ())
    with contextlib.ExitStack() as ends:
        for each in told.callbacks:
            each.on_begin(settings())
            ends.callback(lambda each=each: each.on_end(told.outcome))
        yield told
