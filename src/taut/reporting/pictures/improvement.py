"""What was promised, won, and is left, as bars from the old model to the new one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from taut.record import OF_THE_BOUND, Improvement
from taut.record import Stage as Reported
from taut.reporting import words
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.style import ELBO, EVIDENCE_AXIS, INK, KL_PALE, MUTED, PAPER, lay_out_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALF = 0.17


class _Step(NamedTuple):
    """A bar on a line of its own, with what was promised as an outline; a point where nothing moved."""

    label: str
    text: str
    start: float
    end: float
    promised: float | None = None
    left: bool = False

    @property
    def ends(self) -> list[float]:
        return [self.start, self.end, *([] if self.promised is None else [self.start + self.promised])]


def improvement_picture(account: Improvement) -> Picture | None:
    """The ELBO and log p(x) of each stage on the rows that no choice has seen; None where nothing was measured."""
    if not account.stages:
        return None
    parts = {"ELBO": _steps(account, bound=True), "log p(x)": _steps(account, bound=False)}
    if not all(math.isfinite(end) for steps in parts.values() for step in steps for end in step.ends):
        return None

    def paint(panels: list[Axes], _narrow: bool) -> None:
        for axes, (name, steps) in zip(panels, parts.items(), strict=True):
            _draw(axes, steps)
            axes.set_title(name, loc="left", size=10, color=INK)
        panels[-1].set_xlabel(EVIDENCE_AXIS)

    lines = [len(steps) for steps in parts.values()]
    return Picture(paint=paint, alt=_alt(account), height=1.3 + 0.46 * sum(lines), panels=len(parts), ratios=lines)


def _steps(account: Improvement, *, bound: bool) -> list[_Step]:
    # Where the model is the same log p(x) is, too, and needs no bar.
    first, *others = (stage for stage in account.stages if bound or stage.won is None or stage.won.status != "exact")
    values = [stage.elbo.value if bound else _middle(stage) for stage in (first, *others)]
    steps = [_Step(first.change, words.fixed(values[0], 2), values[0], values[0])]
    promises = {trial.change: trial for trial in account.trials if trial.kept}
    for stage, before, value in zip(others, values, values[1:], strict=False):
        trial = promises.get(stage.change)
        about = trial is not None and trial.promise is not None and (trial.lever in OF_THE_BOUND) == bound
        promised = trial.promise.value if about and trial is not None and trial.promise is not None else None
        said = f"{value - before:+.2f}".replace("-", "\N{MINUS SIGN}")
        said += "" if promised is None else f" of {promised:.2f} promised"
        steps.append(_Step(stage.change, said, before, value, promised))
    for verdict in account.left:
        if verdict.promise is not None and (verdict.lever in OF_THE_BOUND) == bound:
            label, value = f"left: {verdict.lever}", verdict.promise.value
            steps.append(_Step(label, f"{value:.2f} promised", values[-1], values[-1], value, left=True))
    return steps


def _middle(stage: Reported) -> float:
    lower, upper = stage.evidence.lower, stage.evidence.upper
    return lower.value if upper is None else 0.5 * (lower.value + upper.value)


def _draw(axes: Axes, steps: list[_Step]) -> None:
    lay_out_lines(axes, [value for step in steps for value in step.ends], lines=len(steps), before=0.06)
    for place, step in enumerate(steps):
        _draw_step(axes, step, -place)


def _draw_step(axes: Axes, step: _Step, height: int) -> None:
    if step.promised is not None:
        axes.barh(
            height, step.promised, left=step.start, height=2 * _HALF, facecolor=KL_PALE if step.left else "none",
            edgecolor=MUTED, linestyle="--", linewidth=0.9, zorder=3,
        )  # fmt: skip
    if step.start == step.end and not step.left:
        axes.plot(step.end, height, color=INK, marker="o", markersize=7, zorder=5)
    elif not step.left:
        axes.barh(height, step.end - step.start, left=step.start, height=2 * _HALF, color=ELBO, zorder=4)
    across = axes.get_yaxis_transform()
    clear = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
    axes.text(0, height + 0.27, step.label, transform=across, color=MUTED, size=9, bbox=clear)
    axes.text(1, height + 0.27, step.text, transform=across, color=INK, size=9, ha="right", bbox=clear)


def _alt(account: Improvement) -> str:
    said = [f"{stage.change}: ELBO {words.value_of(stage.elbo)}" for stage in account.stages]
    return f"Bars from the old model to the new one, in nats a row. {'; '.join(said)}."
