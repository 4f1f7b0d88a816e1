"""Mutants of bytes and of lines of text."""

import random

NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 65535, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1)
# Cells, signs and words that readers of text have met, or should have.
WORDS = (
    *(
        "",
        " ",
        '"',
        '""',
        "'",
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\ufeff",
        "\x1b[31mred",
        "\x1b]0;title\x07",
    ),
    *("nan", "inf", "-inf", "NA", "1e400", "-1e308", "1e-400", "9" * 20, "9" * 400, "0x1F", "1_000", "-0", "1,5", "٣"),
    *(
        "=1+1",
        "@SUM(A1)",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "$x^",
        "%s%n",
        "{0}",
        "\u202e",
        "é",
        "\U0001f600",
    ),
    *("2020-02-30", "0000-00-00", "99999-01-01", "12:61", "true", "null", "sep=;", "#", "a" * 5000),
)


def of_bytes(content: bytes, rng: random.Random) -> bytes:
    """One to four changes of a few bytes each, most near an end, where formats keep what they say of the rest."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = rng.choice((_flipped, _flipped, _overwritten, _overwritten, _cut, _without, _doubled, _grown))(
            content, rng
        )
    return content


def of_text(content: bytes, rng: random.Random) -> bytes:
    """Words put in, cut out or exchanged; sometimes bytes that are no text."""
    if rng.random() < 0.15:
        return of_bytes(content, rng)
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(rng.choice((1, 1, 2, 5))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 0, 1, 1, 4, 40)))
        text = text[:start] + rng.choice(WORDS) * rng.choice((1, 1, 1, 3)) + text[end:]
    if rng.random() < 0.1:
        lines = text.split("\n")
        rng.shuffle(lines)
        text = "\n".join(lines)
    return text.encode(rng.choice(("utf-8",) * 8 + ("utf-16", "latin-1")), "replace")


def place_in(content: bytes, rng: random.Random) -> int:
    """A place, more often near the beginning or the end."""
    near = min(len(content), 160)
    kind = rng.random()
    if kind < 0.45:
        return rng.randrange(near + 1)
    return len(content) - rng.randrange(near + 1) if kind < 0.7 else rng.randrange(len(content) + 1)


def _flipped(content: bytes, rng: random.Random) -> bytes:
    changed, place = bytearray(content), place_in(content, rng)
    if place < len(changed):
        changed[place] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, rng: random.Random) -> bytes:
    width, place = rng.choice((1, 1, 2, 4, 8)), place_in(content, rng)
    number = rng.choice(NUMBERS) % 256**width
    return content[:place] + number.to_bytes(width, rng.choice(("little", "big"))) + content[place + width :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: place_in(content, rng)]


def _without(content: bytes, rng: random.Random) -> bytes:
    place = place_in(content, rng)
    return content[:place] + content[place + rng.choice((1, 2, 4, 64)) :]


def _doubled(content: bytes, rng: random.Random) -> bytes:
    start, place = place_in(content, rng), place_in(content, rng)
    return content[:place] + content[start : start + rng.choice((1, 4, 16, 256))] + content[place:]


def _grown(content: bytes, rng: random.Random) -> bytes:
    place = place_in(content, rng)
    return content[:place] + rng.randbytes(rng.choice((1, 3, 16))) + content[place:]
