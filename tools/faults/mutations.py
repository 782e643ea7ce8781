"""Damage to files: texts, bytes and JSON, the same for the same random generator."""

import copy
import json
import random
from typing import Any

FRAGMENTS = (
    *("", "\0", "\n", "\r", '"', ",", ";", "{", "}", "[", "]", ":", "-", " ", "\ufeff"),
    *("nan", "inf", "-1", "0", "1_0", "1e308", "1.7e308", "9" * 400, "9" * 5000),
    *("\u0663", "\u2028", "null", "true", "[1]", '{"a": 1}', "\\ud800", "\\u0000"),
    *("image", "x1", "id", "face.png", "../", "/dev/null", "[" * 2000),
)
"""What slipped keys, wrong encodings and other programs leave in texts."""

VALUES: tuple[Any, ...] = (
    *(None, True, False, "", " ", "false", "1", "a\0b", "\ud800", "x" * 300),
    *(0, -1, 1.5, 10**17, 10**400, 1e308, float("nan"), float("inf"), 2**40),
    *(
        [],
        [1],
        [[]],
        {},
        {"a": 1},
        [None],
        "../up",
        "/etc/passwd",
        "..",
        "a/b",
        "\x1b[0m",
    ),
)
"""What a field of a JSON file may hold in place of its own."""


def mutated_text(text: str, rng: random.Random) -> bytes:
    """A text with one to four places replaced, cut, repeated or changed bit by bit."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 1, 2, 5, 20)))
        part = rng.choice((rng.choice(FRAGMENTS), text[start:end] * 2))
        text = text[:start] + part + text[end:]
    data = bytearray(text.encode())
    if data and rng.random() < 0.2:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        data = data[: rng.randrange(len(data) + 1)]
    return bytes(data)


def mutated_bytes(data: bytes, rng: random.Random, header: int = 80) -> bytes:
    """Bytes of which some are replaced, inserted or cut off.

    Half of the damage hits the header, where all the decisions are taken.
    """
    damaged = bytearray(data)
    end = len(data) if rng.random() < 0.5 else min(header, len(data))
    for _ in range(rng.randint(1, 8)):
        damaged[rng.randrange(end)] = rng.randrange(256)
    if rng.random() < 0.3:
        at = rng.randrange(len(damaged))
        damaged[at:at] = rng.randbytes(rng.randint(1, 40))
    if rng.random() < 0.1:
        damaged = damaged[: rng.randrange(len(damaged))]
    return bytes(damaged)


def mutated_json(content: Any, rng: random.Random) -> bytes:
    """A JSON file with some values replaced or fields missing, renamed or added.

    Every fourth is damaged as a text instead.
    """
    text = json.dumps(content)
    if rng.random() < 0.25:
        return mutated_text(text, rng)
    content = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        content = _replaced(content, rng)
    if rng.random() < 0.01:
        deep = "[" * 100_000 + "]" * 100_000
        return json.dumps({"a": content})[:-1].encode() + f', "b": {deep}}}'.encode()
    return json.dumps(content).encode()


def _replaced(content: Any, rng: random.Random) -> Any:
    places = list(_places(content))
    if not places:
        return _value(rng)
    container, key = rng.choice(places)
    choice = rng.random()
    if choice < 0.7:
        container[key] = _value(rng)
    elif choice < 0.85:
        del container[key]
    elif isinstance(container, dict):
        container[rng.choice(("", "x", f"{key}s", "__class__"))] = container[key]
    else:
        container.append(container[key])
    return content


def _value(rng: random.Random) -> Any:
    # A copy: what is placed may be damaged in its turn, and VALUES must stay as it is.
    return copy.deepcopy(rng.choice(VALUES))


def _places(content: Any):
    """Every field and item, at any depth, as its container and its key."""
    if not isinstance(content, dict | list):
        return
    keys = content if isinstance(content, dict) else range(len(content))
    for key in list(keys):
        yield content, key
        yield from _places(content[key])
