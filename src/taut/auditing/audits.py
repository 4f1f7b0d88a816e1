"""The audit: one model, one guide, one data set → Ledger."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float, Num

from taut.auditing.account import Provenance, account_of, ledger_of
from taut.auditing.budget import Budget
from taut.auditing.columns import STAGES, account_of_table
from taut.auditing.figures import Context
from taut.auditing.means import Values
from taut.auditing.measurement import Measured, measure
from taut.auditing.options import AuditOptions
from taut.auditing.rows import RowResult
from taut.auditing.rowwise import Progress, Wanted
from taut.compiling import keep_compiled_programs
from taut.data import digest
from taut.datum import as_floats, bare, matrix_of
from taut.distributed import from_first
from taut.errors import OptionError
from taut.fitting import in_use, named_arrays
from taut.guides import AbstractGuide
from taut.kept_parts import KeptParts
from taut.models import AbstractModel, LogJoint
from taut.numerics import take
from taut.options import record_from
from taut.record import Ledger
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar
from taut.version import __version__


def model_digest(model: AbstractModel, guide: AbstractGuide) -> str:
    """SHA-256 over the names and bytes of all arrays of both, in the order of the names."""
    total = hashlib.sha256()
    for name, array in sorted(named_arrays((model, guide)).items()):
        total.update(name.encode())
        total.update(np.asarray(array, order="C").tobytes())
    return total.hexdigest()


# The accounts of columns have a separate key, so that they do not change the numbers of the rows.
COLUMNS = 2**20 + 2
LogDensity = Callable[[DatumLike, Float[Array, "latents"]], Scalar]


@dataclasses.dataclass(frozen=True)
class Audit:
    """A ledger, and what was measured of every finished row."""

    ledger: Ledger
    measured: Measured

    @property
    def rows(self) -> RowResult:
        """The account of each row by the guide's draws."""
        return self.measured.encoder

    @property
    def numbers(self) -> Num[np.ndarray, "n"]:
        """The rows' places in the data."""
        return self.measured.numbers

    @property
    def log_p(self) -> Values:
        """The best that is known of log p(x) of each row."""
        return self.measured.log_p

    def columns(self) -> dict[str, np.ndarray]:
        """What `rows.csv` holds, in nats: columns that were not measured are left out."""
        measured, rows = self.measured, self.rows
        columns = {"row": self.numbers, "elbo": rows.elbo, "importance": rows.log_p, "std_error": rows.log_p_error}
        if measured.ends is not None:
            lower, upper = measured.ends
            columns |= {"lower": lower} if upper is None else {"lower": lower, "upper": upper}
        columns |= {"khat": rows.khat, "ess": rows.ess}
        if measured.rows.refined is not None and measured.family is not None:
            columns["amortisation"] = measured.rows.refined.amortisation
        if measured.checks.p_values is not None:
            columns["outlier_p_value"] = measured.checks.p_values
        return columns


def audit(
    model: AbstractModel | None = None,
    guide: AbstractGuide | None = None,
    data: DataLike | None = None,
    *,
    log_joint: LogDensity | None = None,
    prior: dist.Distribution | None = None,
    discrete: bool = False,
    key: RandomKey,
    context: Context | None = None,
    settings: Mapping[str, str | int | float | bool | None] | None = None,
    checkpoint: Path | None = None,
    on_block: Progress | None = None,
    began: float | None = None,
    **options: Any,
) -> Ledger:
    """Measure log p(x) = ELBO + KL(q(z|x) ‖ p(z|x)) on these rows, from both sides, and where the gap comes from.

    For each row: the guide's ELBO; Gaussians refined for that row alone; forward walks from there to the posterior,
    which bound log p(x) from below, and reverse walks, which bound it from above; the same on rows simulated from the
    model, where both sides are certain. Where log p(x) is exact (closed form, enumeration, quadrature), it is used.

    `log_joint` gives the model as a plain function log p(x, z) instead, `prior` the part of it that is log p(z);
    `discrete` says that it is a probability of x, and not a density.

    `key` is random, and must be given. `options` are those of `AuditOptions`, by name: `draws`, `rows`, `delta`,
    `width`, `seconds`, `bracket`, `train`. What does not fit into `seconds` is left out, bounds last, and named in
    `not_measured` and in a note. Others, by name:

    - `context`: what the page may show beside the numbers; `settings` are written into the ledger.
    - `checkpoint`: a folder for the finished rows, from which the same audit goes on; removed at the end.
    - `began`: the reading of `time.monotonic` from which `seconds` count; that of the call where it is left out.
    - `on_block(stage, done, all)` reports progress. Ctrl-C ends with what is finished, marked as not complete.

    Raises OptionError for impossible options, AuditError where no row has finite bounds.
    """
    if log_joint is not None:
        model = _from_log_joint(model, guide, data, log_joint, prior, discrete=discrete)
    if model is None or guide is None or data is None:
        raise OptionError(
            "An audit wants a model (or `log_joint`), a guide and data; one of them is missing; pass all three."
        )
    return audit_by_row(
        model, guide, data, record_from(AuditOptions, options), key=key, context=context, settings=settings,
        checkpoint=checkpoint, on_block=on_block, began=began,
    ).ledger  # fmt: skip


def audit_by_row(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    options: AuditOptions | None = None,
    *,
    key: RandomKey,
    context: Context | None = None,
    settings: Mapping[str, str | int | float | bool | None] | None = None,
    checkpoint: Path | None = None,
    on_block: Progress | None = None,
    began: float | None = None,
) -> Audit:
    """As `audit`, with the account of every row beside the ledger."""
    keep_compiled_programs()
    began = float(from_first(time.monotonic() if began is None else began))
    options = options or AuditOptions()
    options.check_data(len(data), amortised=guide.amortised)
    budget = Budget(options.seconds, began)
    prints = {"data": digest(matrix_of(data)), "model": model_digest(model, guide)}
    guide = in_use(model, guide)
    # An audit that goes on may be given more time, or another width, for the rows that are left.
    train = None if options.train is None else digest(matrix_of(options.train))
    fingerprint = (
        options.compared() | {"train": train} | prints | {"key": jr.key_data(key).tolist(), "taut": __version__}
    )
    kept: list[KeptParts] = []

    def partial(wanted: Wanted) -> KeptParts:
        kept.append(KeptParts(checkpoint, fingerprint | {"parts": wanted._asdict()}))
        return kept[-1]

    context = context or Context()
    by_column = context.by_column and options.checks
    measured = measure(
        model, guide, data, options, key=key, partial=partial, on_block=on_block, budget=budget,
        by_column=by_column,
    )  # fmt: skip
    table = None
    if context.schema is not None and by_column:
        table = account_of_table(
            model, guide, measured, context.schema, key=jr.fold_in(key, COLUMNS), budget=budget,
            on_stage=lambda done: on_block("columns", done, STAGES) if on_block is not None else None,
        )  # fmt: skip
    provenance = Provenance(
        data_digest=prints["data"], model_digest=prints["model"], began=began, settings=settings or {}
    )
    account = account_of(model, guide, measured, table, options, context, budget, provenance, key=key)
    audited = Audit(ledger_of(account), measured)
    if measured.complete and kept:
        kept[-1].remove()
    return audited


def _from_log_joint(
    model: AbstractModel | None,
    guide: AbstractGuide | None,
    data: DataLike | None,
    log_joint: LogDensity,
    prior: dist.Distribution | None,
    *,
    discrete: bool,
) -> AbstractModel:
    """A plain function log p(x, z) as a model, with as many latents as the guide has."""
    if model is not None or guide is None or data is None:
        raise OptionError(
            "An audit of a `log_joint` wants a guide and data, and no model; got another mix; pass "
            "`log_joint=f, guide=q, data=x`."
        )
    own = guide if guide.amortised else take(guide, 0)
    x = jax.tree.map(jnp.asarray, as_floats(take(bare(data), 0)))
    latents = own(x).event_shape[0]
    return LogJoint(log_joint, latents=latents, prior=prior, discrete=discrete)
