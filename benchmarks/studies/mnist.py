"""The figures on MNIST: log p(x) of the one-layer autoencoder of Burda et al. 2016, 784–200–200–50, N(0, I) prior.

    python benchmarks/studies/mnist.py mnist.npz FOLDER sticking-the-landing@60+ annealed:2@100 --test-rows 10000
    python benchmarks/studies/mnist.py mnist.npz FOLDER sticking-the-landing@60+ prior=mixture:50@2 annealed:2@100
    python benchmarks/studies/mnist.py mnist.npz FOLDER iwae:50@20 guide=annealed:2@20 --held-out-rows 300

`mnist.npz` holds `train` and `test`, bytes, 784 wide; training images are binarised afresh at each look. A stage is an
objective and its epochs; behind `guide=` it moves the encoder alone, and behind `prior=` it is the name of a prior,
fitted with all else held still. The rate goes down by a cosine in each stage, and is kept in one with a `+`. Nothing is
chosen while it trains. `--held-out-rows` judges by training images that no stage has seen, and `--test-rows` by test
images, each binarised once with seed 1: the bracket on log p(x), and the importance-weighted value of `--draws` draws
of the encoder. Where only `--bracketed` of them, at random, have brackets, the mean over all is that of the
importance-weighted values plus what these miss where both are known.

All states lie in FOLDER: the same command goes on where it was interrupted. Processor seconds of all its processes are
added up there, compilation and all.
"""

import argparse
import json
import shutil
import time
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import Plan, fitting, guides, likelihoods, models, networks, objectives
from taut.auditing import AuditOptions, account_for_rows, audit_by_row
from taut.data import binarise_fixed, digest, split
from taut.fitting import DynamicBinarisation, Progress, load_tensors, save_tensors
from taut.weights import khat_threshold

LATENTS, HIDDEN, LEVELS = 50, (200, 200), 255.0
GUIDE, PRIOR, KEPT = "guide=", "prior=", "+"
PRIOR_RATE = 5e-3
BINARISE_SEED = 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stages", nargs="+")
    parser.add_argument("--held-out", type=int, default=2000, help="training images that no stage sees")
    parser.add_argument("--held-out-rows", type=int, default=0, help="how many of them to score")
    parser.add_argument("--test-rows", type=int, default=0, help="test images to score, from the first")
    parser.add_argument("--bracketed", type=int, help="how many of these have brackets; default all")
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--kl-warm-up", type=float, default=10.0, help="epochs, in the first stage")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def untrained(train: np.ndarray, seed: int) -> tuple[models.LatentVariableModel, guides.GaussianEncoder]:
    decoder_key, encoder_key = jr.split(jr.key(seed))
    pixels = likelihoods.Bernoulli(train.shape[1])
    start = pixels.starting_outputs(jnp.asarray(train.mean(axis=0) / LEVELS, jnp.float32))
    decoder = networks.Perceptron(LATENTS, pixels.outputs, hidden=HIDDEN, starting_outputs=start, key=decoder_key)
    model = models.LatentVariableModel(prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=pixels)
    share = train.mean(axis=0) / LEVELS
    # Of binarised pixels: their mean, and one spread for all, since some are almost never lit.
    spread = np.full(train.shape[1], np.sqrt(np.mean(share * (1 - share))))
    inputs = networks.Standardise(jnp.asarray(share, jnp.float32), jnp.asarray(spread, jnp.float32))
    return model, guides.GaussianEncoder(train.shape[1], LATENTS, hidden=HIDDEN, inputs=inputs, key=encoder_key)


class ProcessorClock:
    """Processor seconds of each stage, those of interrupted processes included."""

    def __init__(self, path: Path) -> None:
        self.path, self.mark = path, 0.0
        self.seconds: dict[str, float] = json.loads(path.read_text()) if path.is_file() else {}

    def add(self, stage: str) -> None:
        """What went by since the last call goes to this stage."""
        now = time.process_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.mark
        self.mark = now
        self.path.write_text(json.dumps(self.seconds))


def trained(options: argparse.Namespace, train: np.ndarray, clock: ProcessorClock) -> tuple[Any, Any]:
    model, guide = untrained(train, options.seed)
    for number, stage in enumerate(options.stages):
        key = jr.key(options.seed + 1 + number)
        if stage.startswith(PRIOR):
            model = with_prior(model, guide, train, stage, key)
            if not (options.folder / f"{number + 2}.safetensors").is_file():
                clock.add(stage)
            continue
        state = options.folder / f"{number + 1}.safetensors"
        if state.is_file():
            model, guide = load_tensors(state, (model, guide))
            continue
        name, epochs = stage.removeprefix(GUIDE).removesuffix(KEPT).split("@")
        warm_up = options.kl_warm_up if number == 0 else 0.0
        plan = Plan(
            epochs=int(epochs),
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            schedule="constant" if stage.endswith(KEPT) else "cosine",
            warm_up=1.0 if number == 0 else 0.2,
        )
        checkpoints = options.folder / f"{number + 1}.checkpoints"

        def note(now: Progress, stage: str = stage) -> None:
            clock.add(stage)
            if now.epoch == 1 or now.epoch % 5 == 0 or now.epoch == now.epochs:
                spent = f"{clock.seconds[stage]:.0f} processor seconds"
                print(f"{stage}: epoch {now.epoch}, bound {now.bound:.2f}, {spent}", flush=True)

        run = (fitting.fit_guide if stage.startswith(GUIDE) else fitting.fit)(
            model,
            guide,
            train,
            key=key,
            objective=objectives.OBJECTIVES.build(name, draws=1, kl_warm_up=warm_up),
            plan=plan,
            view=DynamicBinarisation(LEVELS),
            on_epoch=note,
            checkpoints=checkpoints,
            resume=checkpoints.is_dir(),
        )
        model, guide = run.model, run.guide
        save_tensors(state, (model, guide))
        shutil.rmtree(checkpoints)
    return model, guide


def with_prior(model: Any, guide: Any, train: np.ndarray, stage: str, key: Any) -> Any:
    """Not kept on disk: the next stage begins with it, and is."""
    name, epochs = stage.removeprefix(PRIOR).split("@")
    plan = Plan(epochs=int(epochs), learning_rate=PRIOR_RATE)
    return fitting.fit_prior(model, guide, binarise_fixed(train, LEVELS, BINARISE_SEED), name, key=key, plan=plan).model


def judge(name: str, model: Any, guide: Any, rows: np.ndarray, options: argparse.Namespace) -> None:
    print(f"{name}: {len(rows)} images, digest {digest(rows)}", flush=True)
    chosen = np.sort(np.random.default_rng(options.seed).permutation(len(rows))[: options.bracketed])
    began = time.process_time()
    audited = audit_by_row(
        model,
        guide,
        rows[chosen],
        AuditOptions(),
        key=jr.key(options.seed + 2),
        checkpoint=options.folder / f"{name}.audit",
    )
    audited.ledger.to_json(options.folder / f"{name}.json")
    ledger, walks = audited.ledger, audited.measured.rows.walks
    assert walks is not None
    lower, upper = (np.asarray(side, np.float64) for side in (walks.lower, walks.upper))
    seconds = time.process_time() - began
    print(f"{len(chosen)} images: bracket [{lower.mean():.3f}, {upper.mean():.3f}] in {seconds:.0f} "
          f"processor seconds; with margins [{ledger.evidence.lower.value:.3f}, {ledger.evidence.upper}]")  # fmt: skip
    print(ledger, flush=True)
    np.save(options.folder / f"{name}.npy", np.stack([lower, upper]))
    account = account_for_rows(model, guide, rows, draws=options.draws, key=jr.key(options.seed + 3))
    weighted = np.asarray(account.log_p, np.float64)
    missed = lower - weighted[chosen]
    # Of rows without replacement: none is left where all have brackets.
    error = missed.std(ddof=1) * np.sqrt((1.0 - len(chosen) / len(rows)) / len(chosen))
    above = np.mean(account.khat > khat_threshold(options.draws))
    print(f"{len(rows)} images, importance-weighted, {options.draws} draws: {weighted.mean():.3f} "
          f"± {weighted.std(ddof=1) / np.sqrt(len(rows)):.3f} over images; k̂ above its threshold for {above:.1%}; "
          f"ELBO {account.elbo.mean():.3f}")  # fmt: skip
    for_all = weighted.mean() + missed.mean()
    print(f"it misses {missed.mean():.3f} of the lower ends, which for all images are {for_all:.3f} "
          f"± {error:.3f}", flush=True)  # fmt: skip


def main() -> None:
    options = arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    with np.load(options.data, allow_pickle=False) as archive:
        train, test = archive["train"], archive["test"]
    chosen, held_out = split(len(train), options.held_out / len(train), options.seed)
    clock = ProcessorClock(options.folder / "processor_seconds.json")
    model, guide = trained(options, train[chosen], clock)
    print(f"processor seconds {sum(clock.seconds.values()):.0f}: {clock.seconds}", flush=True)
    for name, rows, count in (
        ("held-out", train[held_out], options.held_out_rows),
        ("test", test, options.test_rows),
    ):
        if count:
            judge(name, model, guide, binarise_fixed(rows[:count], LEVELS, BINARISE_SEED), options)


if __name__ == "__main__":
    main()
