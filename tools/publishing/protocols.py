"""Which faces a published model has learnt from and is measured on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    """The faces of the models of a landmark scheme.

    Attributes:
        training: the faces to learn from.
        licence: of the weights.
        test: the faces to measure on.
        options: of `wingkeras evaluate` for those.
    """

    training: str
    licence: str
    test: str
    options: str


PROTOCOLS = {
    "ibug68": Protocol(
        training="300-W: afw, helen/trainset, lfpw/trainset",
        licence="research use only, as the 300-W images and annotations it was trained "
        "on",
        test="300-W common subset",
        options="--data PATH_TO_300W --split common",
    ),
    "five": Protocol(
        training="MTFL: lfw.csv",
        licence="research use only, as the LFW images and MTFL annotations it was "
        "trained on",
        test="MTFL: aflw.csv",
        options="--data aflw.csv",
    ),
}
"""By the scheme's name."""

OF_EXTRA_FACES = " and the photographs of its extra faces"
"""Added to the licence of a model that learnt from extra faces."""
