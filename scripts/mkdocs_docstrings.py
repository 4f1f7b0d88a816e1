"""For the reference: examples without a heading of their own are set as examples, and long values are left out."""

import griffe

HEADING = "\n\nExamples\n--------\n>>> "
LONGEST = 200


class Docstrings(griffe.Extension):
    """Shows what a reader wants of a docstring and of a value."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Put the heading of numpydoc before the first example, where it is missing."""
        if obj.docstring is not None and "\n--------\n" not in obj.docstring.value:
            obj.docstring.value = obj.docstring.value.replace("\n\n>>> ", HEADING, 1)

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: object) -> None:
        """Leave out what is in a registry; its docstring says what it is."""
        if len(str(attr.value or "")) > LONGEST:
            attr.value = None
