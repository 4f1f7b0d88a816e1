"""The variational autoencoder as a scikit-learn estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags

from taut.estimators.base import AbstractVAE
from taut.estimators.containers import library_of
from taut.estimators.uses import AbstractUses


class VAE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, AbstractUses, AbstractVAE):
    """A variational autoencoder: p(z) = N(0, I), a decoder network for p(x|z), an encoder network for q(z|x).

        log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

    All log-densities are in nats, and of the data in their own units. Cells may be missing, in training and after.

    A fitted estimator is kept by `save` and read by `taut.load`, which runs nothing that it reads. It can be pickled,
    as scikit-learn's searches do between processes; taut itself never reads a pickle.

    What is said when training is `verbose` is kept either way, see `likelihood_`, `schema_`, `notes_`, `outcome_` and
    `history_`. The options are declared in `taut.estimators.VAEConfig`.

    Examples
    --------
    >>> import taut
    >>> train, held_out = taut.datasets.digits()
    >>> vae = taut.VAE(latent_dim=2, hidden=(16,), max_epochs=2, random_state=0).fit(train)
    >>> vae.likelihood_.name, vae.transform(held_out).shape
    ('binomial', (297, 2))

    References: Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv:1312.6114.
    """

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        checkpoint: Path | None = None,
        resume: bool = False,
        began: float | None = None,
    ) -> VAE:
        """Train on the rows of X: an array, a frame, or a `taut.data.Table`; cells may be missing.

        `y` may hold one label for each row, which only colours the report. `sample_weight` says how much each row
        counts in the objective: 2 as if it were there twice, 0 as if it were not there. `checkpoint` names a file for
        the state of training, from which `resume` goes on. Ctrl-C ends training and keeps the best state so far.
        `began` is the reading of `time.monotonic` from which `time_limit` counts, that of the call by default.

        Raises DataError and its kin where the data cannot be used, OptionError where an option makes no sense.
        """
        self._train(X, labels=y, weights=sample_weight, checkpoint=checkpoint, resume=resume, began=began)
        self.library_ = library_of(X)
        return self

    # In the class itself, where scikit-learn looks for what `set_output` changes.
    transform = AbstractUses.transform

    def _learned(self) -> dict[str, Any]:
        return {"library_": self.library_}

    @property
    def _n_features_out(self) -> int:
        return self._fitted().architecture.latents

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        assert tags.transformer_tags is not None
        # Latents have the precision of the model, whatever that of the data.
        tags.transformer_tags.preserves_dtype = []
        return tags
