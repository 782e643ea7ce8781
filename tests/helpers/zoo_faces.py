"""Real faces for the models of the zoo: those of their own landmark scheme."""

from reproduction.bodies import AFLW, W300, Body
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme

_BODIES = {IBUG68.name: W300, FIVE.name: AFLW}


def body_of(scheme: LandmarkScheme) -> Body:
    """Faces to learn from and to measure on, with their normaliser."""
    return _BODIES[scheme.name]
