"""What a fit was asked for, kept beside its states, so that `taut fit --resume RUN` needs no other words."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from taut.errors import OptionError, RunFolderError
from taut.estimators import CHECKPOINTS, VAEConfig
from taut.options import options_of, record_from

EVERY = re.compile(r"(\d+(?:\.\d*)?) *(s|seconds?|epochs?)?")


class _Words(msgspec.Struct):
    """As they are on the disk."""

    data: str
    labels: str | None
    resize: str | None
    checkpoint_every: str | None
    options: dict[str, Any]
    stream: bool | None = None
    track: list[str] = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """The words of one `taut fit`."""

    data: str
    labels: str | None
    resize: str | None
    stream: bool | None
    checkpoint_every: str | None
    options: VAEConfig
    track: list[str] = dataclasses.field(default_factory=list)

    @classmethod
    def kept_in(cls, run: Path) -> Asked:
        """The words of the fit in a run folder. Raises RunFolderError where it has none."""
        from taut.fitting import facts_in  # noqa: PLC0415  heavy, and `--help` is not

        noted = facts_in(run / CHECKPOINTS)["noted"]
        if not noted:
            raise RunFolderError(
                f"Resuming by its folder alone wants a fit of the command line; that in `{run}` is of Python; call "
                "`fit` again with `resume=True`."
            )
        try:
            words = msgspec.convert(noted, _Words)
            options = record_from(VAEConfig, words.options)
        except (msgspec.ValidationError, OptionError) as error:
            raise RunFolderError(
                f"Resuming wants the words of a fit in `{run / CHECKPOINTS}`; they do not read ({error}); fit anew."
            ) from None
        return cls(
            data=words.data,
            labels=words.labels,
            resize=words.resize,
            stream=words.stream,
            checkpoint_every=words.checkpoint_every,
            options=options,
            track=words.track,
        )

    def noted(self) -> dict[str, Any]:
        """As plain values, with files by their whole paths, so that another folder may be the current one."""
        known = {name: each for name, each in options_of(VAEConfig).items() if each.on_command_line}
        options = {name: each.plain(getattr(self.options, name)) for name, each in known.items()}
        labels = None if self.labels is None else _whole(self.labels)
        return dataclasses.asdict(dataclasses.replace(self, data=_whole(self.data), labels=labels)) | {
            "options": options
        }

    def changed(self, new: Asked, names: Collection[str]) -> Asked:
        """The same with what these names are in `new`."""
        known = {name for name in options_of(VAEConfig) if name in names}
        options = dataclasses.replace(self.options, **{name: getattr(new.options, name) for name in known})
        own = {field.name for field in dataclasses.fields(self)} & set(names)
        return dataclasses.replace(self, options=options, **{name: getattr(new, name) for name in own})


def frequency(words: str | None) -> dict[str, Any]:
    """How often a state is written, from the words of `--checkpoint-every`.

    >>> frequency("5 epochs"), frequency("10")
    ({'epochs': 5}, {'seconds': 10.0})
    """
    if words is None:
        return {}
    found = EVERY.fullmatch(words.strip())
    unit = found[2] or "" if found else ""
    if found is None or (unit.startswith("epoch") and not (found[1].isdecimal() and int(found[1]))):
        raise OptionError(
            f"`--checkpoint-every` wants seconds, or a number of epochs; got `{words}`; write it as in "
            "`--checkpoint-every 60` or `--checkpoint-every 5epochs`."
        )
    return {"epochs": int(found[1])} if unit.startswith("epoch") else {"seconds": float(found[1])}


def command_to_go_on(code: str, run: Path) -> str:
    """What to write to go on with a fit that ended so, or nothing where there is nothing to go on with."""
    words = {"interrupted": [], "cut off": [], "time spent": ["--time-limit", "none"]}.get(code)
    return "" if words is None else shlex.join(["taut", "fit", "--resume", str(run), *words])


def _whole(words: str) -> str:
    """The whole path of a file, or what else these words are."""
    from taut import datasets  # noqa: PLC0415  heavy, and `--help` is not
    from taut.data import exists  # noqa: PLC0415  as above

    heads = [words, *(words[:place] for place, letter in enumerate(words) if letter == ":")]
    if words in datasets.NAMES or not any(head and exists(head) for head in heads):
        return words
    return str(Path(words).expanduser().absolute())
