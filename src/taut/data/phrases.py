"""Labels and numbers as a sentence shows them."""

from typing import Any


def in_words(labels: list[Any], most: int = 3) -> str:
    """The first few labels, for a sentence.

    >>> in_words(["a", "b", "c", "d"])
    'a, b, c, …'
    """
    plain = ["".join(sign if sign.isprintable() else " " for sign in str(label)) for label in labels[:most]]
    shown = [text if len(text) <= 30 else text[:30] + "…" for text in plain]
    return ", ".join(shown) + (", …" if len(labels) > most else "")


def rounded(number: float) -> str:
    """A number to three digits, for a sentence.

    >>> rounded(4201.754), rounded(0.12345)
    ('4200', '0.123')
    """
    shown = f"{number:.3g}"
    return f"{float(shown):.0f}" if "e+" in shown and abs(number) < 1e9 else shown
