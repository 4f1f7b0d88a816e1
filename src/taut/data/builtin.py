"""The kinds of columns that come with taut, a row each; the later ones are asked first."""

from taut.data.categories import BINARY, CATEGORICAL, ORDINAL
from taut.data.counting import COUNT
from taut.data.dates import DATE
from taut.data.quantities import BOUNDED, POSITIVE, REAL
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
