"""Log p(x) over two latents by `taut.bounds.quadrature` and by scipy's adaptive cubature, as the posterior narrows.

    python benchmarks/studies/quadrature.py

Linear-Gaussian models, whose log p(x) is known. Cubature starts on [−16, 16]², and its integrand is divided by the
peak of a grid of 512 nodes a side, without which it would be zero in double precision.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import cubature

from taut.bounds import quadrature
from taut.models import LinearGaussian


def by_cubature(model: LinearGaussian, x: jax.Array, rule: str) -> tuple[float, str]:
    """Log p(x) and the status that scipy gives it."""
    log_joint = jax.jit(jax.vmap(lambda z: model.log_joint(x, z)))
    side = jnp.linspace(-16.0, 16.0, 512)
    peak = float(log_joint(jnp.stack(jnp.meshgrid(side, side), -1).reshape(-1, 2)).max())

    def density(z: np.ndarray) -> np.ndarray:
        # To a power of two, so that only a few programs are compiled.
        padded = np.pad(z, ((0, (1 << (len(z) - 1).bit_length()) - len(z)), (0, 0)))
        values = log_joint(jnp.asarray(padded, jnp.float32))
        return np.exp(np.asarray(values, np.float64)[: len(z)] - peak)

    found = cubature(density, [-16.0, -16.0], [16.0, 16.0], rule=rule, rtol=1e-5, atol=0.0)
    with np.errstate(divide="ignore"):
        return float(np.log(found.estimate)) + peak, found.status


def main() -> None:
    """Print a row for each width of the noise."""
    print(
        "| noise | taut: error, status, s | gk21: error, status, s | genz-malik: error, status, s |\n|---|---|---|---|"
    )
    weight = jnp.array([[1.0, 0.4], [-0.3, 1.0], [0.5, 0.8]])
    for noise in (0.3, 0.03, 0.01):
        model = LinearGaussian(weight=weight, offset=jnp.zeros(3), noise=jnp.full(3, noise))
        x = weight @ jnp.array([1.7, -2.1]) + noise * jnp.array([0.3, -1.0, 0.7])
        truth, cells = float(model.log_evidence(x)), []
        for method in ("taut", "gk21", "genz-malik"):
            start = time.perf_counter()
            if method == "taut":
                estimate = quadrature(model, x)
                value, status = estimate.value, estimate.status
            else:
                value, status = by_cubature(model, x, method)
            cells.append(f"{value - truth:.1g}, {status}, {time.perf_counter() - start:.1f}")
        print(f"| {noise} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
