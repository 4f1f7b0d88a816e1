"""Many small operations as one compiled program: each alone would be compiled for each new shape."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from taut.compiling import options_of_sooner

__all__ = ["in_one_program"]


def in_one_program(function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)` as one program, of which the arrays that `function` brings along are arguments.

    So the program depends on their shapes alone, and one that is kept on disk serves other numbers.

    >>> import jax.numpy as jnp, numpy as np
    >>> data = np.array([1.0, 2.0])
    >>> in_one_program(lambda factor: {"scaled": factor * jnp.asarray(data), "rows": 2}, jnp.float32(3.0))
    {'rows': 2, 'scaled': Array([3., 6.], dtype=float32)}
    """
    program, arrays, rest = eqx.filter_make_jaxpr(function)(*args)
    given = jax.tree.leaves(eqx.filter(args, eqx.is_array))
    run = jax.jit(
        lambda own, given: jaxpr_as_fun(ClosedJaxpr(program.jaxpr, own))(*given), compiler_options=options_of_sooner()
    )
    leaves = run(program.consts, given)
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(arrays), leaves), rest)
