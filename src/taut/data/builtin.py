"""The kinds of columns that come with taut, a row each; the later ones are asked first."""

from taut.data.categories import BINARY, CATEGORICAL, COUNT, ORDINAL
from taut.data.quantities import BOUNDED, DATE, POSITIVE, REAL
from taut.data.unmodelled import CONSTANT, IDENTIFIER, TEXT

BUILTIN = (
    TEXT,
    REAL,
    POSITIVE,
    BOUNDED,
    COUNT,
    IDENTIFIER,
    CATEGORICAL,
    ORDINAL,
    BINARY,
    DATE,
    CONSTANT,
)
