"""What a published model's entry says of its errors."""

import dataclasses

import numpy as np

from publishing.candidates import Candidate
from publishing.protocols import Protocol
from wingkeras import models
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import usual_normalizers
from wingkeras.models.folding import fold_batch_norm
from wingkeras.training.run_folder import RunFolder


def measure(
    localizer: Localizer, faces: FaceDataset, name: str, protocol: Protocol
) -> tuple[dict, ...]:
    """Summaries of evaluations, each with the command that prints it again.

    Args:
        localizer: to measure as it is, and with flip test-time augmentation the other
            way round.
        faces: of the protocol.
        name: of the model.
        protocol: that the faces belong to.
    """
    other = not localizer.flip_tta
    switch = " --flip-tta" if other else " --no-flip-tta"
    variants = {"": localizer, switch: localizer.replace(flip_tta=other)}
    command = f"wingkeras evaluate {name} {protocol.options}"
    return tuple(
        {
            "data": protocol.test,
            **evaluate(variant, faces).summary(),
            "command": command + option,
        }
        for option, variant in variants.items()
    )


def cost_of_float16(candidate: Candidate, faces: FaceDataset) -> list[str]:
    """The error with the run's float32 weights beside that with the saved ones.

    Returns:
        Lines to print.
    """
    localizer, run = candidate.localizer, candidate.last_run
    if not RunFolder(run).has_best:
        return [f"{run} keeps no float32 weights to compare with."]
    recipe = candidate.described[-1]["recipe"]
    batch_norm = recipe.get("batch_norm", False)
    last = localizer.keras_stages[-1]
    exact = models.build(
        recipe["network"],
        len(localizer.scheme),
        size=last.size,
        batch_norm=batch_norm,
    )
    RunFolder(run).load_best(exact)
    if batch_norm:
        exact = fold_batch_norm(exact)
    stages = [*localizer.stages[:-1], dataclasses.replace(last, network=exact)]
    before = evaluate(localizer.replace(stages=stages), faces)
    after = evaluate(localizer, faces)
    shift = np.linalg.norm(before.predictions - after.predictions, axis=-1)
    normalizer = usual_normalizers(faces.scheme)[0]
    return [
        *(
            f"{name}: {result.summary()[normalizer]}"
            for name, result in (("float32", before), ("float16", after))
        ),
        f"landmarks differ by up to {shift.max():.3f} px, mean {shift.mean():.4f} px",
    ]
