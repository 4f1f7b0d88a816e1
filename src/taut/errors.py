"""What taut raises on purpose.

    TautError
    ├── DataError          the data cannot be used: missing file, NaN, wrong kind, empty
    │   ├── ShapeError     the data have another shape than the model
    │   └── SupportError   the data lie outside what the likelihood can produce
    ├── OptionError        an option has a value that makes no sense
    ├── RunFolderError     a run folder is missing, in the way, damaged or altered
    └── AuditError         an audit cannot be trusted: a bound is not finite, an integral does not settle

Each message is one sentence: what was wanted, what came, what to do. What it quotes of a file cannot move a cursor.
"""

from taut.printable import printable, shortened

__all__ = [
    "AuditError",
    "DataError",
    "OptionError",
    "RunFolderError",
    "ShapeError",
    "SupportError",
    "TautError",
]


class TautError(Exception):
    """Anything this package raises on purpose."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(printable(shortened(sentence)))


class DataError(TautError, ValueError):
    """The data cannot be used as they are."""


class ShapeError(DataError):
    """The data have another shape than the model."""


class SupportError(DataError):
    """The data lie outside what the likelihood can produce."""


class OptionError(TautError, ValueError):
    """An option has a value that makes no sense; `option` is its name where the sentence names it."""

    def __init__(self, sentence: str, *, option: str = "") -> None:
        super().__init__(sentence)
        self.option = option


class RunFolderError(TautError):
    """A run folder is missing, in the way, damaged or altered."""


class AuditError(TautError):
    """An audit cannot be trusted."""
