import re

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import guides, likelihoods, models, networks, objectives
from taut.errors import OptionError, ShapeError
from taut.estimators import VAEConfig
from taut.options import options_of

KEY = jr.key(0)


@pytest.mark.parametrize(
    ("registry", "given", "sentence"),
    [
        (
            networks.ENCODERS,
            "resnet",
            "`encoder` wants one of perceptron, residual, linear, convolutional; got `resnet`",
        ),
        (networks.ENCODERS, "linear:3", "`encoder` wants no numbers behind `linear`"),
        (networks.DECODERS, "perceptron:3,x", "`decoder` wants widths of hidden layers behind `perceptron:`"),
        (networks.DECODERS, "perceptron:0", "whole numbers of at least 1"),
        (networks.DECODERS, "perceptron:", "got `perceptron:`"),
        (objectives.OBJECTIVES, "iwae:5,6", "`objective` wants one of the number of draws"),
        (
            models.PRIORS,
            3,
            "`prior` wants a name among normal, gaussian, mixture, vamp, flow, categorical, an object of numpyro's",
        ),
        (guides.GUIDES, dist.Normal(0.0, 1.0), "an object of taut's AbstractGuide"),
    ],
)
def test_what_no_part_is_gets_a_sentence(registry, given, sentence):
    with pytest.raises(OptionError) as caught:
        registry.build(given)
    assert sentence in str(caught.value)


def test_a_function_of_other_keywords_gets_a_sentence():
    with pytest.raises(OptionError, match="`prior` wants a function of the keywords latents, key"):
        models.PRIORS.build(lambda latents: None, latents=2, key=KEY)
    with pytest.raises(OptionError, match="wants a function that returns an object of numpyro's Distribution"):
        models.PRIORS.build(lambda latents, key: 3, latents=2, key=KEY)


def test_a_function_that_fails_gets_a_sentence_with_its_own_error():
    def failing(**_):
        raise RuntimeError("no such\nlayer.")

    with pytest.raises(OptionError, match=r"`prior` .* `failing` failed \(RuntimeError: no such layer\)") as caught:
        models.PRIORS.build(failing, latents=2, key=KEY)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert caught.value.option == "prior"


def test_numbers_behind_a_name_are_its_widths():
    shapes = {"inputs": 4, "outputs": 2, "image_shape": None, "key": KEY}
    network = networks.ENCODERS.build("perceptron:5,3", **shapes)
    assert [layer.weight.shape for layer in network.layers] == [(5, 4), (3, 5), (2, 3)]
    assert objectives.OBJECTIVES.build("iwae:5", draws=1, kl_warm_up=0.0) == objectives.iwae(5)


def test_residual_takes_the_widths_of_its_blocks():
    network = networks.ENCODERS.build("residual:5,3", inputs=4, outputs=2, image_shape=None, key=KEY)
    assert [block.layers[0].weight.shape for block in network.blocks] == [(5, 5), (3, 5)]


def _decoder(likelihood, image_shape=(4, 3)):
    return networks.DECODERS.build(
        "convolutional:4",
        inputs=2,
        outputs=likelihood.outputs,
        owners=likelihood.owners,
        starting_outputs=jnp.arange(float(likelihood.outputs)),
        image_shape=image_shape,
        key=KEY,
    )


@pytest.mark.parametrize(
    "likelihood",
    [
        likelihoods.Bernoulli(12),
        likelihoods.DiscretisedLogistic(12),
        likelihoods.LogisticMixture(12, components=2),
        likelihoods.Categorical(12, 3),
    ],
)
@pytest.mark.parametrize("image_shape", [(4, 3), (2, 2, 3)])
def test_a_convolutional_decoder_puts_outputs_where_the_likelihood_looks(likelihood, image_shape):
    """At z = 0 nothing but the last bias speaks, which stands in the order of pixels inside the network."""
    starting_outputs = np.arange(float(likelihood.outputs))
    np.testing.assert_array_equal(_decoder(likelihood, image_shape)(jnp.zeros(2)), starting_outputs)


def test_convolutions_want_an_image_and_nothing_else():
    with pytest.raises(OptionError, match="`decoder` wants images to be convolutional; got rows without a height"):
        _decoder(likelihoods.Bernoulli(12), image_shape=None)
    with pytest.raises(OptionError, match="nothing but the 4 × 3 pixels"):
        networks.ENCODERS.build("convolutional", inputs=13, outputs=2, image_shape=(4, 3), key=KEY)


def test_a_prior_of_other_shape_is_refused():
    with pytest.raises(ShapeError, match="over one vector of 2 latents"):
        models.check_prior(dist.Normal(jnp.zeros(2), 1.0), latents=2)


@pytest.mark.parametrize("registry", [networks.ENCODERS, networks.DECODERS, guides.GUIDES, models.PRIORS])
def test_the_help_of_an_option_says_the_names(registry):
    said = options_of(VAEConfig)[registry.option].help
    assert all(re.search(rf"\b{name}\b", said) for name in registry.named)
