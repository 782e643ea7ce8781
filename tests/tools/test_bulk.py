import PIL.Image

from benchmarks import bulk
from made_localizers import MEAN, make_boxes, make_image
from wingkeras.geometry import to_shape_vectors
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE


def test_every_rate_is_of_its_stage(tmp_path):
    called = []

    def run(crops):
        called.append(len(crops))
        return to_shape_vectors(MEAN[None]).repeat(len(crops), axis=0)

    paths = [tmp_path / f"{i}.png" for i in range(5)]
    for i, path in enumerate(paths):
        PIL.Image.fromarray(make_image(120, 130, i)).save(path)
    stages = [FileStage(run, MEAN, 64)]
    localizer = Localizer(stages, FIVE, 1.1, lambda image: make_boxes(2))
    result = bulk.measure(localizer, paths)
    assert result["pictures"] == 5 and result["faces"] == 10
    names = ["read", "detect", "crops", "networks", "one by one", "pipeline"]
    assert list(result["rates"]) == names and result["same_files"]
    assert all(rate["pictures_per_second"] > 0 for rate in result["rates"].values())
    # Recorded once; alone and one by one, both with a warm-up; then in groups of up to
    # 8, twice: how many wait at a moment depends on the machine.
    alone, in_groups = called[:25], called[25:]
    assert alone == [2] * 25
    assert sum(in_groups) == 20 and max(in_groups) <= 8
