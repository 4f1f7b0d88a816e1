"""Mutants of what JSON and YAML hold: values of other types and sizes, keys that are missing, new or twice."""

import copy
import json
import random
from typing import Any

DEEP = "\N{WHITE CHESS ROOK}"  # stands for brackets nested beyond any parser's depth
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 255, 2**31, 10**12, -(10**12), 2**63, 2**64, 10**30, 10**400),
    *(0.5, -0.5, 1e-320, 1e308, -1e308, float("nan"), float("inf"), -float("inf")),
    *(
        "",
        "a",
        "x",
        "own",
        "none",
        "auto",
        "\x1b[31mred",
        "\x07\x08",
        "\0",
        "<script>alert(1)</script>",
        "$x^{",
        "</svg>",
        "\udcff",
    ),
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 5000,
        "=1+1",
        "os:system",
        "1e5",
        "mixture:1000000000",
        "flow:100000",
        "\u202e",
    ),
    *([], [1], [[]], [None], ["a", "a"], {}, {"a": 1}, {"kind": "real"}, DEEP),
)


def of_json(content: bytes, rng: random.Random) -> bytes:
    """The same JSON with one to three values that are others."""
    tree = json.loads(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        tree = changed(tree, rng)
    return as_json(tree, rng)


def as_json(tree: Any, rng: random.Random) -> bytes:
    """As text that Python's own writer allows, NaN included; a mark stands for brackets in thousands."""
    text = json.dumps(tree)
    depth = rng.choice((50, 500, 100_000))
    return text.replace(json.dumps(DEEP), "[" * depth + "]" * depth).encode()


def changed(tree: Any, rng: random.Random) -> Any:
    """A copy with one place changed; each level is as likely as another."""
    tree = [copy.deepcopy(tree)]
    parent, key = tree, 0
    places = list(_places(tree))
    parent, key = rng.choice(places)
    old = parent[key]
    kind = rng.random()
    if kind < 0.12:
        del parent[key]
    elif kind < 0.2 and isinstance(parent, dict):
        parent[rng.choice(("", "new", "__class__", str(key) + "_", "\x1b[2J"))] = parent.pop(key)
    elif kind < 0.35:
        other = rng.choice(places)
        parent[key] = copy.deepcopy(other[0][other[1]]) if _size(other[0][other[1]]) < 200 else None
    elif kind < 0.45 and isinstance(old, list):
        parent[key] = rng.choice((old[:-1], old * 2, old[::-1], [*old, None], [old]))
    elif kind < 0.65 and isinstance(old, int | float) and not isinstance(old, bool):
        half = 0.5 if abs(old) > 2**900 else old / 2  # a number of so many digits has no half that a float holds
        parent[key] = rng.choice((-old, old + 1, old - 1, old * 10**9, half, str(old), [old]))
    else:
        parent[key] = copy.deepcopy(rng.choice(VALUES))
    return tree[0] if tree else None


def _places(node: Any) -> Any:
    keys = node.keys() if isinstance(node, dict) else range(len(node))
    for key in keys:
        yield node, key
        if isinstance(node[key], dict | list) and node[key]:
            yield from _places(node[key])


def _size(node: Any) -> int:
    return 1 + (
        sum(map(_size, node.values() if isinstance(node, dict) else node)) if isinstance(node, dict | list) else 0
    )
