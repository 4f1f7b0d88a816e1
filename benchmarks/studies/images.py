"""Convolutional autoencoders of images: grey ones, and a folder of images in colour made of one of three shapes.

    python benchmarks/studies/images.py mnist.npz:train OUT --seconds 180

Each fit trains for `--seconds`. For each it prints the likelihood, the number of epochs, log p(x) of held-out images
from both sides in nats and the lower one in bits per number, and writes `NAME-samples.png`, E[x|z] at draws of z, and
`NAME-again.png`, held-out images each with its reconstruction to the right. The folder `OUT/shapes` has the classes
circles, squares and triangles; place, size, hue and background vary.
"""

import argparse
import colorsys
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import taut
from taut.data import write_picture

SHAPES = {"circles": 0, "squares": 4, "triangles": 3}
LIKELIHOODS = ("discretised-logistic", "logistic-mixture")
# Drawn so many times larger than they are kept, so that edges are smooth.
FINER = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grey", help="grey images, as `taut fit` takes them")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--audit-seconds", type=float, default=60.0)
    parser.add_argument("--images", type=int, default=3000, help="how many images in colour")
    parser.add_argument("--side", type=int, default=16, help="their height and width")
    options = parser.parse_args()
    write_shapes(options.out / "shapes", options.images, options.side)
    sets = {"grey": taut.datasets.load(options.grey), "colour": taut.datasets.load(options.out / "shapes")}
    for name, rows in sets.items():
        for likelihood in LIKELIHOODS:
            study(f"{name}-{likelihood}", rows, likelihood, options)


def study(name: str, rows: taut.data.Table, likelihood: str, options: argparse.Namespace) -> None:
    """One fit, its numbers and its pictures."""
    vae = taut.VAE(
        16,
        encoder="convolutional:32,64",
        decoder="convolutional:32,64",
        likelihood=likelihood,
        learning_rate=2e-3,
        time_limit=options.seconds,
        random_state=0,
    ).fit(rows)
    evidence = vae.audit(rows=200, seconds=options.audit_seconds).evidence
    bits = -evidence.lower.value / rows.features / math.log(2)
    print(
        f"{name}: {len(vae.fitted_.history)} epochs; log p(x) in [{evidence.lower}, {evidence.upper}]; {bits:.3f} bits"
    )
    held_out = vae.held_out_.take(np.arange(32))
    pairs = np.stack([held_out.values, np.asarray(vae.reconstruct(held_out))], axis=1)
    write_picture(vae.sample(64, mean=True), vae.schema_, options.out / f"{name}-samples.png")
    write_picture(pairs.reshape(64, -1), vae.schema_, options.out / f"{name}-again.png")


def write_shapes(folder: Path, count: int, side: int) -> None:
    """Images of one shape each, in a folder for each kind."""
    draw = np.random.default_rng(0)
    for name in SHAPES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = list(SHAPES)[number % len(SHAPES)]
        shape(SHAPES[name], side, draw).save(folder / name / f"{number:05d}.png")


def shape(corners: int, side: int, draw: np.random.Generator) -> Image.Image:
    """A regular polygon, or without corners a circle, of a bright hue before a dark background."""
    size, background = FINER * side, draw.uniform(10, 90) + draw.uniform(-10, 10, 3)
    image = Image.new("RGB", (size, size), tuple(int(each) for each in np.maximum(background, 0)))
    radius = draw.uniform(0.18, 0.36) * size
    x, y = draw.uniform(radius, size - radius, 2)
    hue = tuple(int(255 * each) for each in colorsys.hsv_to_rgb(draw.uniform(), 0.85, 0.95))
    pen = ImageDraw.Draw(image)
    if corners:
        pen.regular_polygon((x, y, radius), corners, fill=hue)
    else:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=hue)
    return image.resize((side, side), Image.Resampling.BOX)


if __name__ == "__main__":
    main()
