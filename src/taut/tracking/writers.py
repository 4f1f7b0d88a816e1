"""Callbacks that write to TensorBoard, MLflow and Weights & Biases; each package is imported when it is asked for."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from taut.errors import OptionError
from taut.fitting import Outcome
from taut.parts import said
from taut.record import HistoryRow

# MLflow takes no longer values of parameters.
LONGEST = 500


class TensorBoard:
    """Writes event files into a folder, which `tensorboard --logdir FOLDER` shows: bounds in nats, seconds, settings.

    Raises OptionError where the package tensorboard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        self._files = _imported("tensorboard.summary.writer.event_file_writer", "tensorboard")
        self._events = _imported("tensorboard.compat.proto.event_pb2", "tensorboard")
        self._scalars = _imported("tensorboard.plugins.scalar.summary_v2", "tensorboard")
        self._texts = _imported("tensorboard.plugins.text.summary_v2", "tensorboard")
        self.folder = Path(folder)
        self._writer: Any = None
        self._last = 0

    def on_begin(self, settings: Mapping[str, Any]) -> None:
        """Open a file of events, and write the settings as a text."""
        self._writer = self._files.EventFileWriter(str(self.folder))
        lines = "\n".join(f"    {name}: {value}" for name, value in plain_settings(settings).items())
        self._add(self._texts.text_pb("settings", lines), 0)

    def on_epoch(self, record: HistoryRow) -> None:
        """Write the numbers of the epoch."""
        for name, value in numbers_of(record).items():
            self._add(self._scalars.scalar_pb(name, value), record.epoch)
        self._writer.flush()
        self._last = record.epoch

    def on_end(self, outcome: Outcome | None) -> None:
        """Write how it ended, and close the file."""
        self._add(
            self._texts.text_pb("outcome", "An error ended it." if outcome is None else outcome.sentence), self._last
        )
        self._writer.close()

    def _add(self, summary: Any, step: int) -> None:
        self._writer.add_event(self._events.Event(summary=summary, step=step, wall_time=time.time()))


class MLflow:
    """A run of MLflow: settings are its parameters, bounds and seconds its metrics by epoch, the outcome a tag.

    `uri` is where it is kept, by default where MLflow says. What a server does not take is warned of once, and the fit
    goes on. Raises OptionError where the package mlflow is not installed.
    """

    def __init__(self, uri: str | None = None, *, experiment: str = "taut", name: str | None = None) -> None:
        library = _imported("mlflow", "mlflow")
        try:
            self._client = library.MlflowClient(tracking_uri=uri)
        # Each kind of store has its own library, and errors.
        except Exception as error:
            raise OptionError(
                f"`track` wants a place where MLflow keeps runs; `{uri}` is none ({said(error)}); name another.",
                option="track",
            ) from None
        self.experiment, self.name = experiment, name
        self.run_id: str | None = None
        self._lost = False

    def on_begin(self, settings: Mapping[str, Any]) -> None:
        """Start a run, and log the settings."""
        self._sent(lambda: self._begin(settings))

    def _begin(self, settings: Mapping[str, Any]) -> None:
        found = self._client.get_experiment_by_name(self.experiment)
        number = self._client.create_experiment(self.experiment) if found is None else found.experiment_id
        self.run_id = self._client.create_run(number, run_name=self.name).info.run_id
        for name, value in plain_settings(settings).items():
            self._client.log_param(self.run_id, name, str(value)[:LONGEST])

    def on_epoch(self, record: HistoryRow) -> None:
        """Log the numbers of the epoch."""
        for name, value in numbers_of(record).items():
            self._sent(
                lambda name=name, value=value: self._client.log_metric(self.run_id, name, value, step=record.epoch)
            )

    def on_end(self, outcome: Outcome | None) -> None:
        """End the run."""
        status = (
            "FAILED"
            if outcome is None
            else {"diverged": "FAILED", "interrupted": "KILLED"}.get(outcome.code, "FINISHED")
        )
        self._sent(lambda: self._client.set_tag(self.run_id, "outcome", "error" if outcome is None else outcome.code))
        self._sent(lambda: self._client.set_terminated(self.run_id, status))

    def _sent(self, send: Callable[[], Any]) -> None:
        if self._lost:
            return
        try:
            # The standard output of a command is its own.
            with contextlib.redirect_stdout(sys.stderr):
                send()
        # A store may be anywhere, and its library may raise anything; hours of training do not end for it.
        except Exception as error:
            self._lost = True
            warnings.warn(f"MLflow no longer follows the fit ({said(error)}).", UserWarning, stacklevel=2)


class WeightsAndBiases:
    """A run of Weights & Biases: settings are its config, bounds and seconds its history, the outcome its summary.

    `options` go to `wandb.init`, such as `mode="offline"` or `dir`. Raises OptionError where the package wandb is not
    installed.
    """

    def __init__(self, project: str = "taut", **options: Any) -> None:
        self._wandb = _imported("wandb", "wandb")
        self.project, self.options = project, options
        self._run: Any = None

    def on_begin(self, settings: Mapping[str, Any]) -> None:
        """Start a run."""
        self._run = self._wandb.init(project=self.project, config=plain_settings(settings), **self.options)

    def on_epoch(self, record: HistoryRow) -> None:
        """Log the numbers of the epoch."""
        self._run.log(numbers_of(record), step=record.epoch)

    def on_end(self, outcome: Outcome | None) -> None:
        """Say how it ended, and end the run."""
        self._run.summary["outcome"] = "error" if outcome is None else outcome.code
        self._run.finish(exit_code=int(outcome is None or outcome.code == "diverged"))


def writer_named(words: str, *, folder: Path) -> TensorBoard | MLflow | WeightsAndBiases:
    """A writer from the words of a command line: `tensorboard[:DIR]`, `mlflow[:URI]` or `wandb[:PROJECT]`.

    Events of TensorBoard go to `folder` unless words say another. Raises OptionError for other words.
    """
    name, _, place = words.partition(":")
    if name == "tensorboard":
        return TensorBoard(place or folder)
    if name == "mlflow":
        return MLflow(place or None)
    if name == "wandb":
        return WeightsAndBiases(place or "taut")
    raise OptionError(
        f"`track` wants tensorboard, mlflow or wandb, with a place behind a colon; got `{words}`; write one of these.",
        option="track",
    )


def numbers_of(record: HistoryRow) -> dict[str, float]:
    """The numbers of an epoch by the names that charts have.

    >>> numbers_of(HistoryRow(epoch=1, train=-3.0, held_out=None, seconds=0.5))
    {'bound/train': -3.0, 'seconds': 0.5}
    """
    held_out = {} if record.held_out is None else {"bound/held_out": record.held_out}
    return {"bound/train": record.train, **held_out, "seconds": record.seconds}


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them; what it does not have as text."""
    return msgspec.json.decode(msgspec.json.encode(dict(settings), enc_hook=str))


def _imported(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise OptionError(
            f"`track` wants the package {name}; it is not installed; run `pip install {name}`.",
            option="track",
        ) from None
