"""For the reference: examples of docstrings that have no heading of their own are set as examples."""

import griffe

HEADING = "\n\nExamples\n--------\n>>> "


class Doctests(griffe.Extension):
    """Puts the heading of numpydoc before the first example, where it is missing."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Look at one docstring."""
        if obj.docstring is not None and "\n--------\n" not in obj.docstring.value:
            obj.docstring.value = obj.docstring.value.replace("\n\n>>> ", HEADING, 1)
