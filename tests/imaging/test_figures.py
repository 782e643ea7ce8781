import cv2
import numpy as np
import pytest

from faces_on_disk import make_faces
from made_pictures import encode, with_exif
from wingkeras.evaluation import Evaluation
from wingkeras.imaging.figures import face_grid
from wingkeras.imaging.images import read_image
from wingkeras.inference.faces import Faces
from wingkeras.schemes import FIVE


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_faces(tmp_path_factory.mktemp("faces"), 8)


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


def test_points_lie_on_what_they_name(faces):
    """The discs of made faces are where the landmarks are, in every crop."""
    figure = face_grid(faces.images[:2], faces.landmarks, faces.boxes, FIVE)
    for axes in figure.axes:
        (picture,) = axes.get_images()
        (points,) = axes.collections
        places = np.rint(points.get_offsets()).astype(int)
        colours = picture.get_array()[places[:, 1], places[:, 0]]
        expected = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
        assert np.abs(colours.astype(int) - expected).max() < 60


def test_files_are_shown_as_they_are_stored(faces, tmp_path):
    """Labels refer to the pixels as stored, whatever the EXIF orientation says."""
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(with_exif(encode(read_image(faces.images[0])), 6))
    shown = [
        face_grid([path], faces.landmarks[:1], faces.boxes[:1], FIVE)
        for path in (turned, faces.images[0])
    ]
    pixels = [figure.axes[0].get_images()[0].get_array() for figure in shown]
    assert np.abs(pixels[0].astype(int) - pixels[1]).mean() < 5


def test_a_set_of_faces_draws_itself(faces):
    assert len(faces.plot(5).axes) == 5
    assert len(faces.plot().axes) == 12  # two rows of six
    picture = pixels(faces._repr_png_())
    assert picture.shape[1] > picture.shape[0] > 100
    assert faces.select([])._repr_png_() is None


def test_an_evaluation_draws_its_largest_errors(faces):
    errors = np.array([0.1, np.nan, 0.3, np.inf, 0.2, 0.05, 0.04, 0.03])
    predictions = np.where(np.isinf(errors)[:, None, None], np.nan, faces.landmarks + 3)
    result = Evaluation(faces, "landmarks", False, predictions, {"box": errors})
    titles = [axes.get_title() for axes in result.plot_worst(3).axes]
    assert titles == ["30.0 %", "20.0 %", "10.0 %"]
    assert len(result.plot_worst(100).axes) == 6
    labels, found = result.plot_worst(1).axes[0].collections
    assert (np.asarray(found.get_offsets()) > labels.get_offsets()).all()
    assert pixels(result._repr_png_()).shape[0] > 100


def test_faces_draw_themselves_without_their_picture(faces):
    found = Faces(faces.landmarks[:2], faces.boxes[:2], np.ones(2), FIVE)
    assert pixels(found._repr_png_()).shape[:2] == (400, 400)
    assert found[[]]._repr_png_() is None
