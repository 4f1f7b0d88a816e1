"""Every mutant against every oracle that comes by the place where it is planted."""

from collections.abc import Callable

from tests.mutants.planting import Mutant, Oracle, Site, is_noticed, touched
from tests.mutants.table import GROUPS, MUTANTS, oracles

# A bar inside a cell.
ESCAPED = r"\|"
HEAD = """# Mutants

`python -m tests.mutants > docs/mutants.md`

{mutants} bugs are planted one at a time, and {oracles} oracles are asked: tests of the suite, and some of
`tests/mutants/oracles` where it had none sharp enough. “Met in” names the library where a bug was seen; “listed” is
known from the literature, “own” was made up here.

- **K**: the oracle objects; the mutant is killed.
- **s**: the oracle comes by the planted place and says nothing; the mutant survives it.
- **x**: the oracle stops with an error of another kind, which a person would see, too.
- **·**: the oracle never comes by that place.

Without a bug every oracle is quiet. A test fails where a mutant has no K.
"""


def page(say: Callable[[str], None]) -> str:
    """The matrix in Markdown, a table for each group; `say` hears how far it is."""
    asked = oracles(MUTANTS)
    sites = {site for mutant in MUTANTS.values() for site in mutant.bugs}
    seen = {}
    for number, oracle in enumerate(asked, 1):
        seen[oracle] = touched(oracle, sites)
        say(f"oracle {number} of {len(asked)} without a bug: {oracle.__name__}")
    parts = [HEAD.format(mutants=len(MUTANTS), oracles=len(asked))]
    parts += [_section(title, mutants, asked, seen, say) for title, mutants in GROUPS.items()]
    return "\n".join(parts)


def _section(
    title: str,
    mutants: dict[str, Mutant],
    asked: list[Oracle],
    seen: dict[Oracle, set[Site]],
    say: Callable[[str], None],
) -> str:
    sites = {site for mutant in mutants.values() for site in mutant.bugs}
    here = [oracle for oracle in asked if seen[oracle] & sites]
    lines = [f"## {title}", ""]
    lines += [f"{number}. `{oracle.__module__}`: {_words(oracle)}" for number, oracle in enumerate(here, 1)]
    lines += ["", f"| mutant | met in | {' | '.join(str(number) for number in range(1, len(here) + 1))} |"]
    lines += ["|---" * (len(here) + 2) + "|"]
    for name, mutant in mutants.items():
        cells = [_cell(mutant, oracle, seen[oracle]) for oracle in here]
        say(f"{title}: {name}: {''.join(cells)}")
        lines.append(f"| {name.replace('|', ESCAPED)} | {mutant.met} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(mutant: Mutant, oracle: Oracle, seen: set[Site]) -> str:
    if not seen & set(mutant.bugs):
        return "·"
    try:
        return "K" if is_noticed(mutant.bugs, oracle) else "s"
    except Exception:  # what happens in the oracles of others is no mistake of this page
        return "x"


def _words(oracle: Oracle) -> str:
    return oracle.__name__.replace("_", " ")
