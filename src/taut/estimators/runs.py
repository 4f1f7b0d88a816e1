"""The run folder: a fitted model as files that hold nothing that can run, each with its digest.

model.json           what it takes to rebuild the modules, how training went, digests of the other files
weights.safetensors  the arrays
history.csv          the bound after each epoch
held_out.npz         the rows that training held out, with their labels
seen.npy             a hash of each row that training saw
given.npy            what training rows gave a conditional model, to draw from
holes.npz            which cells training rows lacked together, and how often; no value
checkpoints/         the state of training, from which it can go on
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from taut.compiling import keep_compiled_programs
from taut.data import Table
from taut.estimators.assembly import Architecture
from taut.estimators.manifest import (
    FORMAT,
    check_free,
    check_width,
    checked_content,
    file_digest,
    own_digest,
    plain,
    reading_run,
    unreadable,
)
from taut.estimators.part_building import OWN
from taut.estimators.run_files import (
    load_given,
    load_history,
    load_holes,
    load_rows,
    load_seen,
    save_array,
    save_history,
    save_holes,
    save_table,
)
from taut.estimators.training import Fitted
from taut.files import write_text
from taut.fitting import Outcome, load_tensors, save_tensors
from taut.likelihoods import Choice
from taut.models import PRIORS
from taut.version import __version__


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `model.json` holds; `digests` are SHA-256 of the other files, `digest` of this one without itself.

    `estimator` is the name of the class that was saved, and `learned` what it knows beside the model, as plain values.
    `own_parts` have no name, so that code must build them.
    """

    format: int
    taut: str
    estimator: str = "VAE"
    options: dict[str, Any]
    architecture: Architecture
    likelihood: Choice
    outcome: Outcome
    seconds: float
    seed: int
    data_name: str
    data_digest: str
    notes: list[str]
    digests: dict[str, str]
    digest: str = ""
    learned: dict[str, Any] = dataclasses.field(default_factory=dict)
    own_parts: list[str] = dataclasses.field(default_factory=list)


def save(
    fitted: Fitted,
    options: dict[str, Any],
    path: Path,
    *,
    estimator: str = "VAE",
    learned: dict[str, Any] | None = None,
    own_parts: Sequence[str] = (),
    force: bool = False,
) -> None:
    """Write the folder; `model.json` comes last, so that a folder that has one is whole."""
    check_free(path, force=force)
    (path / "model.json").unlink(missing_ok=True)
    save_tensors(path / "weights.safetensors", (fitted.model, fitted.guide))
    save_history(fitted.history, path / "history.csv")
    save_array(fitted.seen, path / "seen.npy")
    names = ["weights.safetensors", "history.csv", "seen.npy"]
    if fitted.given_rows is not None:
        save_array(fitted.given_rows, path / "given.npy")
        names.append("given.npy")
    else:
        (path / "given.npy").unlink(missing_ok=True)
    if fitted.holes is not None:
        save_holes(fitted.holes, path / "holes.npz")
        names.append("holes.npz")
    else:
        (path / "holes.npz").unlink(missing_ok=True)
    if fitted.held_out is not None:
        save_table(fitted.held_out, path / "held_out.npz")
        names.append("held_out.npz")
    else:
        (path / "held_out.npz").unlink(missing_ok=True)
    own = {field.name for field in dataclasses.fields(Manifest)} & {f.name for f in dataclasses.fields(Fitted)}
    manifest = Manifest(
        format=FORMAT,
        taut=__version__,
        estimator=estimator,
        learned=learned or {},
        own_parts=list(own_parts),
        options=options,
        digests={name: str(file_digest(path / name)) for name in names},
        **{name: getattr(fitted, name) for name in own},
    )
    signed = dataclasses.replace(manifest, digest=own_digest(msgspec.json.encode(manifest, enc_hook=plain)))
    write_text(path / "model.json", msgspec.json.format(msgspec.json.encode(signed, enc_hook=plain), indent=1).decode())


def read_fitted(path: Path, manifest: Manifest, own: Mapping[str, Any]) -> Fitted:
    """What was fitted, from the files beside a manifest that was read, with its `own` parts.

    Raises RunFolderError where these contradict it.
    """
    keep_compiled_programs()
    with reading_run(path):
        return _fitted(path, manifest, own)


def _fitted(path: Path, manifest: Manifest, own: Mapping[str, Any]) -> Fitted:
    architecture, known = manifest.architecture, manifest.digests
    check_sizes(path, architecture)
    like = (own["model"], own["guide"]) if "model" in own else architecture.empty(own)
    model, guide = load_tensors(path / "weights.safetensors", like)
    return Fitted(
        model=model,
        guide=guide,
        history=load_history(path / "history.csv"),
        held_out=_held_out(path, manifest),
        seen=load_seen(path / "seen.npy"),
        given_rows=load_given(path / "given.npy", width=architecture.covariates) if "given.npy" in known else None,
        holes=load_holes(path / "holes.npz", features=architecture.features) if "holes.npz" in known else None,
        **{
            field.name: getattr(manifest, field.name)
            for field in dataclasses.fields(Fitted)
            if hasattr(manifest, field.name)
        },
    )


def check_sizes(path: Path, architecture: Architecture) -> None:
    """Raise ValueError where an architecture says that it is larger than its weights, before anything is built."""
    _, prior = PRIORS.parse(architecture.prior) if architecture.prior not in (None, OWN) else ("", ())
    sizes = (architecture.features, architecture.covariates, architecture.latents, *architecture.hidden, *prior)
    check_width(path, max(map(int, sizes)))


def read_manifest(path: Path) -> Manifest:
    """`model.json`, after every file was found and its digest agrees."""
    content = checked_content(path)
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable(path, error) from None


def _held_out(path: Path, manifest: Manifest) -> Table | None:
    if "held_out.npz" not in manifest.digests:
        return None
    architecture = manifest.architecture
    features, conditions = architecture.features, architecture.covariates
    arrays = load_rows(path / "held_out.npz", features=features, conditions=conditions)
    return Table(
        values=arrays["values"],
        labels=arrays.get("labels"),
        conditions=arrays.get("conditions"),
        name=manifest.data_name,
        columns=architecture.schema.entry_names,
        image_shape=architecture.schema.image_shape,
        notes=manifest.notes,
    )
