"""Choosing the pictures that a split holds out; related pictures stay together."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def join_pictures(
    pictures: Sequence[str], groups: Iterable[Hashable]
) -> list[list[str]]:
    """Sets of pictures that must stay in the same part of a split.

    A picture with faces of two groups joins both groups.

    Args:
        pictures: the picture of every face; several faces may share one.
        groups: the group of every face; `None`, "" and NaN stand for no group.

    Returns:
        The sets, each sorted by path, in the order of their first paths. They do not
        depend on the order of the faces.
    """
    # Union-find: every picture points to one with a smaller path, or to itself.
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
        count: largest number of pictures to choose, at least 1.
        seed: of the random choice.

    Returns:
        The pictures of sets in random order, as many as fit into `count`; one of the
        smallest sets if all sets are larger than `count`.
    """
    order = np.random.default_rng(seed).permutation(len(joined))
    shuffled = [joined[int(i)] for i in order]
    chosen: set[str] = set()
    for pictures in shuffled:
        if len(chosen) + len(pictures) <= count:
            chosen.update(pictures)
    return chosen or set(min(shuffled, key=len))
