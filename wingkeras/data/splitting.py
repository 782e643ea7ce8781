"""Which pictures a split holds out: those that belong together stay together."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def join_pictures(
    pictures: Sequence[str], groups: Iterable[Hashable]
) -> list[list[str]]:
    """Sets of pictures that must not be parted.

    A picture that is in two groups joins both.

    Args:
        pictures: the picture of every face; several faces may share one.
        groups: the group of every face; `None`, "" and NaN stand for none.

    Returns:
        The sets, each in the order of the pictures' paths, the one with the first path
        first. They do not depend on the faces' order.
    """
    # Every picture points to one with a smaller path, or to itself.
    parents = {picture: picture for picture in pictures}

    def root(picture: str) -> str:
        while parents[picture] != picture:
            parents[picture] = parents[parents[picture]]
            picture = parents[picture]
        return picture

    seen: dict[Hashable, str] = {}
    for picture, group in zip(pictures, groups, strict=True):
        if group is None or group == "" or group != group:
            continue
        low, high = sorted((root(picture), root(seen.setdefault(group, picture))))
        parents[high] = low
    joined: dict[str, list[str]] = {}
    for picture in sorted(parents):
        joined.setdefault(root(picture), []).append(picture)
    return list(joined.values())


def hold_out(joined: Sequence[Sequence[str]], count: int, seed: int) -> set[str]:
    """Choose whole sets of pictures at random.

    Args:
        joined: as from `join_pictures`.
        count: of the pictures to choose, at least 1.
        seed: of the choice.

    Returns:
        As many pictures as fit, sets being taken in random order, but at most `count`;
        one of the smallest sets if all of them are larger.
    """
    order = np.random.default_rng(seed).permutation(len(joined))
    shuffled = [joined[int(i)] for i in order]
    chosen: set[str] = set()
    for pictures in shuffled:
        if len(chosen) + len(pictures) <= count:
            chosen.update(pictures)
    return chosen or set(min(shuffled, key=len))
