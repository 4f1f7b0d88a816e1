"""An option is declared once: the recipe `an option` of CONTRIBUTING.md, followed to each of its ends."""

import dataclasses
import inspect

import numpy as np
import pytest
import typer
from sklearn.base import clone

import taut
from taut.auditing import AuditOptions
from taut.cli.parameters import Command, with_options
from taut.errors import OptionError
from taut.estimators import VAEConfig
from taut.estimators.assembly import objective_for
from taut.estimators.manifest import facts_of_fit
from taut.estimators.vae import AbstractVAE
from taut.options import option, options_of, record_from
from tests.cli.commands import refused
from tests.examples.option_tables import markdown_table


@dataclasses.dataclass(frozen=True, kw_only=True)
class WithWeightDecay(VAEConfig):
    weight_decay: float = option(0.5, "Pull of weights to zero.", unit="nats", at_least=0, previous="--decay")


class Decayed(AbstractVAE, record=WithWeightDecay):
    """An estimator with one more option."""


def typer_command(run):
    app = typer.Typer(add_completion=False)
    app.command("fit", cls=Command)(run)
    return typer.main.get_command(app)


def test_a_new_option_is_in_constructor_command_table_manifest_and_resuming(capsys):
    made = clone(Decayed(3, weight_decay=2)).set_params(draws=5)
    assert inspect.signature(Decayed).parameters["weight_decay"].default == 0.5
    assert (made.get_params()["weight_decay"], made.config.weight_decay, made.config.draws) == (2, 2.0, 5)
    assert "weight_decay : default 0.5, a finite number of nats, at least 0" in Decayed.__doc__
    with pytest.raises(OptionError, match=r"^`weight_decay` wants a finite number of nats, at least 0; got -1; "):
        Decayed(weight_decay=-1).config  # noqa: B018  asked for what it raises

    asked = []

    def run(options: WithWeightDecay):
        asked.append(options)

    command = typer_command(with_options(WithWeightDecay)(run))
    command(["--weight-decay", "0.25"], standalone_mode=False)
    command(["--decay=0.75", "--latent-dim", "2"], standalone_mode=False)
    assert [(each.weight_decay, each.latent_dim) for each in asked] == [(0.25, 8), (0.75, 2)]
    assert capsys.readouterr().err == "`--decay` is now `--weight-decay`.\n"
    told = next(each.help for each in command.params if each.name == "weight_decay")
    assert told == "Pull of weights to zero. A finite number of nats, at least 0."

    row = "| `--weight-decay` | 0.5 | `weight_decay` | Pull of weights to zero. | a finite number of nats, at least 0 |"
    assert row in markdown_table(WithWeightDecay).splitlines()
    assert made.config.kept()["weight_decay"] == 2.0
    assert facts_of_fit(made.config, seed=0, data_digest="a")["weight_decay"] == 2.0, "what resuming compares"


@pytest.mark.parametrize("record", [VAEConfig, AuditOptions])
def test_every_default_makes_sense_and_survives_the_command_line(record):
    for name, each in options_of(record).items():
        assert each.checked(each.default) == each.default
        if each.kind in (int, float):
            assert each.from_word(str(each.default).lower()) == each.default, name


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("latent_dim", 0, "0"),
        ("latent_dim", "eight", "eight"),
        ("learning_rate", float("nan"), "nan"),
        ("hidden", (20, 0), None),
        ("validation_fraction", 1.0, "1.0"),
        ("beta", -0.5, "-0.5"),
        ("missing", "always", "always"),
        ("random_state", -1, "-1"),
        ("na_values", [True], None),
    ],
)
def test_a_value_that_makes_no_sense_gets_one_sentence_from_both_faces(name, value, word, tmp_path):
    with pytest.raises(OptionError) as told:
        taut.VAE(**{name: value}).fit(np.zeros((4, 2)))
    assert str(told.value).startswith(f"`{name}` wants ")
    if word is not None:
        flag = "--" + name.replace("_", "-")
        assert refused("fit", "digits", "--out", tmp_path / "r", flag, word) == str(told.value).replace(name, flag)


def test_numbers_of_numpy_are_numbers():
    config = record_from(VAEConfig, {"latent_dim": np.int64(3), "beta": np.float32(0.5), "hidden": np.array([4, 5])})
    assert (config.latent_dim, config.beta, config.hidden) == (3, 0.5, (4, 5))
    assert all(type(width) is int for width in config.hidden)


def test_an_unknown_option_is_refused():
    with pytest.raises(OptionError, match="got `chains`"):
        record_from(AuditOptions, {"chains": 3})


def test_beta_weighs_the_divergence_of_every_named_objective():
    for name in ("elbo", "sticking-the-landing", "iwae", "dreg"):
        made = objective_for(record_from(VAEConfig, {"objective": name, "draws": 4, "beta": 3, "kl_warm_up": 2}))
        assert (made.kl_weight, made.kl_warm_up, made.draws) == (3.0, 2.0, 4)
    with pytest.raises(OptionError, match="`beta` wants an objective by name"):
        objective_for(record_from(VAEConfig, {"objective": taut.objectives.elbo(), "beta": 2}))
