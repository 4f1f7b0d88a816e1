"""Little work is compiled sooner, to the same numbers but for rounding, and only where nobody chose otherwise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from taut.compiling import compiled_sooner, in_one_program

NOT_NAMED = "--xla_cpu_enable_fast_math=false"


@eqx.filter_jit
def softened(x, word):
    assert word == "static"
    return jax.lax.fori_loop(0, 20, lambda _, y: jax.nn.softplus(y @ y.T) / jnp.sum(y), x)


def test_the_numbers_are_the_same_but_for_rounding(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", NOT_NAMED)
    sooner, x = compiled_sooner(softened), jnp.eye(8) + 0.1
    assert sooner is not softened
    assert sooner is compiled_sooner(softened), "a program is compiled once"
    np.testing.assert_allclose(sooner(x, "static"), softened(x, "static"), rtol=1e-5)


def test_an_option_that_xla_does_not_know_is_left_out(monkeypatch):
    monkeypatch.setattr("taut.compiling._OPTIONS", {"xla_cpu_no_such_option": True})
    assert compiled_sooner(softened) is softened
    assert in_one_program(lambda: 2.0 * jnp.ones(2)).tolist() == [2.0, 2.0]


def test_who_names_the_options_to_xla_has_chosen(monkeypatch):
    named = ("backend_optimization_level", "llvm_disable_expensive_passes")
    own = ("cpu_use_fusion_emitters", "cpu_parallel_codegen_split_count")
    monkeypatch.setenv("XLA_FLAGS", " ".join(f"--xla_{name}=1" for name in (*named, *own)))
    assert compiled_sooner(softened) is softened
