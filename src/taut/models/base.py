"""What every model can do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.datum import Datum, bare, values_of
from taut.errors import OptionError
from taut.numerics import is_discrete, log_density, one_draw
from taut.shapes import DatumLike, Latent, RandomKey, Scalar


class AbstractModel(eqx.Module):
    """p(z) p(x|z) for one datum x and one latent z; for many, `jax.vmap` at the edge.

    `simulates` says whether `sample` can draw data, which calibration and bounds from above need.
    """

    simulates: ClassVar[bool] = True

    @property
    def has_prior(self) -> bool:
        """Whether `prior()` is a normalised density, so that rate and distortion mean something."""
        return True

    @property
    def discrete(self) -> bool:
        """Whether p(x|z) is a probability, and not a density, whose value depends on the units of x."""
        return eqx.filter_eval_shape(lambda: is_discrete(self.likelihood(one_draw(self.prior(), key=jr.key(0)))))

    @abstractmethod
    def prior(self) -> dist.Distribution:
        """p(z)."""

    def given(self, x: DatumLike) -> AbstractModel:
        """The model of this datum where p(x|z) depends on more than z: which entries are observed, its covariates.

        Elsewhere it is the model itself. Whatever takes a density of x, or draws one like it, asks here first.
        Raises OptionError where x has such parts and the model has no use for them.
        """
        if isinstance(bare(x), Datum):
            raise OptionError(
                f"A `{type(self).__name__}` wants whole rows and nothing beside them; got holes, covariates or a log "
                "offset; take a `LatentVariableModel`."
            )
        return self

    def tied_to(self, guide: Callable[[DatumLike], dist.Distribution]) -> AbstractModel:
        """The model whose prior follows a guide, where it does: asked at each step that moves the model.

        Elsewhere, and wherever the model is held still, it is the model as it is.
        """
        return self

    @abstractmethod
    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x|z)."""

    def log_joint(self, x: DatumLike, z: Latent) -> Scalar:
        """log p(x, z) = log p(z) + log p(x|z), in nats."""
        return log_density(self.prior(), z) + self.log_likelihood(x, z)

    def log_likelihood(self, x: DatumLike, z: Latent) -> Scalar:
        """log p(x|z) of the observed entries, given what the datum is conditioned on, in nats."""
        return log_density(self.given(x).likelihood(z), values_of(x))

    def sample(self, *, key: RandomKey) -> tuple[DatumLike, Latent]:
        """One datum and the latent that made it, which is then an exact draw from p(z|x)."""
        latent_key, datum_key = jr.split(key)
        z = one_draw(self.prior(), key=latent_key)
        return one_draw(self.likelihood(z), key=datum_key), z

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "directions latents"] | None:
        """R with RᵀR = JᵀFJ, the Fisher information that one datum holds about z; None where it is not known.

        J = ∂η/∂z for the outputs η of the decoder, F their own information. RᵀR is never indefinite, which makes it
        the curvature of −log p(x|z) to build a Gaussian with; where it is None, second derivatives are left.
        """
        return None
