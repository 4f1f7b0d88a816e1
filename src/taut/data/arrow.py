"""Arrow's functions on columns, under a name that a type checker lets pass."""

from typing import Any

import pyarrow.compute

# They are made while the module is imported, so no checker can see them.
functions: Any = pyarrow.compute
