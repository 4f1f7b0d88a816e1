"""The ledger in a notebook: the identity, and the verdicts that matter most."""

from taut.displays import ShownTable
from taut.record import Ledger, Verdict
from taut.reporting import statement, words
from taut.reporting.verdicts import FIRST, by_nats, title, worth

# What a command is called in Python, where that is not its own name.
METHODS = {"score": "score_samples"}


def notebook_tables(ledger: Ledger) -> list[ShownTable]:
    """What is read first of the account: the three numbers, and the verdicts if there are any."""
    numbers = ShownTable(
        ["nats a row", "value ± standard error", "status"],
        [(line.name, line.value, line.status) for line in statement.identity_lines(ledger)],
        title=f"{ledger.title}: {ledger.rows} rows",
        note=f"{statement.incomplete(ledger) or ''} {statement.statement(ledger)}".strip(),
    )
    first = by_nats(ledger.verdicts)[:FIRST]
    verdicts = ShownTable(["verdict", "says", "what to do"], [_cells(verdict) for verdict in first], title="Verdicts")
    return [numbers, verdicts] if first else [numbers]


def in_python(command: str) -> str:
    """What to type in Python in place of a command of the terminal.

    >>> in_python("taut fit … --guide refined:3")
    'VAE(…, guide="refined:3")'
    >>> in_python("taut audit RUN DATA --seconds 600")
    'vae.audit(X, seconds=600)'
    """
    _, verb, _, *words_after = command.split(" ")
    arguments = ["X"] if "DATA" in words_after or verb == "improve" else []
    options = [word for word in words_after if word != "DATA"]
    for option, value in zip(options[::2], options[1::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        if name != "out":
            arguments.append(f"{name}={value}" if value.isdecimal() else f'{name}="{value}"')
    if verb == "fit":
        return f"VAE({', '.join(['…', *arguments])})"
    return f"vae.{METHODS.get(verb, verb)}({', '.join(arguments)})"


def _cells(verdict: Verdict) -> tuple[str, str, str]:
    typed = in_python(verdict.command) if verdict.command else ""
    return words.SEVERITIES[verdict.severity], title(verdict), " ".join(filter(None, [worth(verdict), typed]))
