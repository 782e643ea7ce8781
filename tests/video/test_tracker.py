import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import geometry, zoo
from wingkeras.data.pts import read_pts
from wingkeras.imaging.images import read_image
from wingkeras.inference.detections import Detections
from wingkeras.schemes import FIVE
from wingkeras.video.cuts import is_cut, look_of
from wingkeras.video.tracker import Tracker, unfiltered

LAYOUT = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 1], [0.7, 1]])
HALF = 20.0
STEP = 1 / 30


class _World:
    """Faces are the maxima of the red channel; far from one, nonsense is found.

    Stands in for a localizer: it looks for the face whose centre lies in the box.
    """

    scheme = FIVE

    def __init__(self):
        self.searches = 0
        self.without_flip_tta = self

    def find_faces(self, image):
        self.searches += 1
        centres = self._centres(image)
        boxes = np.array([[*(c - HALF), *(c + HALF)] for c in centres]).reshape(-1, 4)
        return Detections(boxes, np.ones(len(boxes)))

    def __call__(self, image, boxes):
        height, width = image.shape[:2]
        if not geometry.inside_in_part(boxes, width, height).all():
            raise ValueError("a box beside the picture")  # as a localizer does
        result = np.empty((len(boxes), 5, 2), np.float32)
        for i, (left, top, right, bottom) in enumerate(boxes):
            inside = [
                c
                for c in self._centres(image)
                if left < c[0] < right and top < c[1] < bottom
            ]
            # Nonsense that does not mirror: both images of the frame differ.
            wrong = np.array([[0, 0], [9, 1], [30, 9], [3, 30], [8, 9]])
            wrong = wrong + np.array([left, top])
            result[i] = inside[0] + HALF * LAYOUT if inside else wrong
        return result

    @staticmethod
    def _centres(image):
        y, x = np.nonzero(image[..., 0])
        return np.stack([x, y], axis=1).astype(float)


def _frame(*centres):
    image = np.zeros((200, 300, 3), np.uint8)
    for x, y in centres:
        image[y, x, 0] = 255
    return image


@pytest.fixture
def world():
    return _World()


def _numbers(tracks):
    return [track.number for track in tracks]


def test_follows_without_searching(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    for x in range(60, 120, 6):
        (track,) = tracker(_frame((x, 80)), STEP)
        np.testing.assert_allclose(track.landmarks, [x, 80] + HALF * LAYOUT)
        np.testing.assert_allclose(track.box, geometry.landmark_boxes(track.landmarks))
        assert track.number == 1
    assert world.searches == 1


def test_searches_while_there_is_no_face(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    for _ in range(3):
        assert tracker(_frame(), STEP) == []
    assert world.searches == 3
    assert _numbers(tracker(_frame((50, 50)), STEP)) == [1]


def test_a_face_that_is_gone_is_lost_and_searched_for(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    tracker(_frame((50, 50), (200, 120)), STEP)
    assert _numbers(tracker(_frame((50, 50)), STEP)) == [1]
    assert world.searches == 2
    jumped = tracker(_frame((250, 60)), STEP)
    assert _numbers(jumped) == [3], "found again in the same frame, as another face"


def test_a_face_outside_a_smaller_frame_is_lost(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    assert _numbers(tracker(_frame((50, 50), (250, 150)), STEP)) == [1, 2]
    smaller = _frame((50, 50))[:100, :150]
    assert _numbers(tracker(smaller, STEP)) == [1]


def test_faces_that_come_in_are_found_in_time(world):
    tracker = Tracker(world, unfiltered, search_interval=0.5)
    tracker(_frame((50, 50)), STEP)
    both = _frame((50, 50), (200, 120))
    frames = 0
    while len(tracks := tracker(both, STEP)) == 1:
        frames += 1
        assert frames < 16
    assert _numbers(tracks) == [1, 2] and frames >= 10


def test_two_tracks_never_end_on_one_face(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    tracker(_frame((80, 80), (110, 80)), STEP)
    assert _numbers(tracker(_frame((95, 80)), STEP)) == [1]


def test_tiny_faces_are_dropped(world, monkeypatch):
    tracker = Tracker(world, unfiltered, search_interval=100)
    tracker(_frame((80, 80)), STEP)
    monkeypatch.setitem(globals(), "HALF", 5.0)
    assert tracker(_frame((80, 80)), STEP) == []


def test_each_face_has_a_filter_of_its_own(world):
    made = []

    def make():
        calls = []
        made.append(calls)
        return lambda landmarks, *settings: calls.append(settings) or landmarks

    tracker = Tracker(world, make, search_interval=100)
    tracker(_frame((50, 50)), STEP)
    tracker(_frame((52, 50), (200, 120)), 2 * STEP)
    tracker(_frame((200, 120)), STEP)
    first, second = made
    assert first == [(STEP, 2 * HALF), (2 * STEP, 2 * HALF)]
    assert second == [(STEP, 2 * HALF)]


def _background(seed):
    """Blocks of green and blue; the faces are in red."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 6, 2), np.uint8)
    return np.kron(blocks, np.ones((50, 50, 1), np.uint8))


def test_a_cut_starts_new_tracks_and_filters(world):
    """The next scene has a face in the same place."""
    made = []

    def make():
        made.append([])
        return lambda landmarks, *settings: made[-1].append(settings) or landmarks

    tracker = Tracker(world, make, search_interval=100)
    scenes = []
    for seed in range(2):
        frame = _frame((80, 80))
        frame[..., 1:] = _background(seed)
        scenes.append(frame)
    numbers = [_numbers(tracker(s, STEP)) for s in (*scenes[:1] * 4, *scenes[1:] * 4)]
    assert numbers == [[1]] * 4 + [[2]] * 4
    assert [len(calls) for calls in made] == [4, 4]


def test_a_flash_is_no_cut(world):
    tracker = Tracker(world, unfiltered, search_interval=100)
    frame = _frame((80, 80))
    frame[..., 1:] = _background(0) // 2
    flash = frame.copy()
    flash[..., 1:] = 100 + frame[..., 1:]
    for shown in (frame, flash, frame):
        assert _numbers(tracker(shown, STEP)) == [1]


@pytest.fixture(scope="module")
def people(real_data):
    """Training pictures in one frame, all faces at the same place and of one size."""
    frames = []
    for path in sorted(real_data.glob("300w/lfpw/trainset/*.pts"))[:40]:
        points = read_pts(path)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = 90 / (high - low).max()
        offset = np.array([160, 110]) - scale * (low + high) / 2
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        picture = read_image(path.with_suffix(".jpg"))
        border = {"flags": cv2.INTER_AREA, "borderMode": cv2.BORDER_REFLECT}
        frames.append(cv2.warpAffine(picture, matrix, (320, 240), **border))
    assert len(frames) == 40
    return frames


def test_cuts_between_people_are_seen_and_nothing_else(people):
    looks = [look_of(frame) for frame in people]
    cuts = [is_cut(looks[i], looks[i - 1]) for i in range(len(looks))]
    assert np.mean(cuts) >= 0.95
    rng = np.random.default_rng(0)
    for frame, look in zip(people, looks, strict=True):
        noisy = frame + rng.normal(0, 12, frame.shape)
        centre = (160, 120)
        turned = cv2.warpAffine(
            frame,
            cv2.getRotationMatrix2D(centre, 5, 1.1),
            (320, 240),
            borderMode=cv2.BORDER_REFLECT,
        )
        for other in (
            noisy.clip(0, 255).astype(np.uint8),
            (1.4 * noisy).clip(0, 255).astype(np.uint8),
            (255 * np.sqrt(frame / 255)).astype(np.uint8),
            np.concatenate([frame[:, 20:], frame[:, :-21:-1]], axis=1),
            turned,
        ):
            assert not is_cut(look, look_of(other))


def test_landmarks_of_two_people_do_not_mix(people):
    """Cut back to back, with the filter that steadies each."""
    localizer = zoo.load("cnn6_300w")
    found = 0
    for first, second in zip(people[:6:2], people[1:6:2], strict=True):
        alone = Tracker(localizer)(second, STEP)
        tracker = Tracker(localizer)
        before = [tracker(first, STEP) for _ in range(5)][-1]
        numbers = set(_numbers(before))
        after = tracker(second, STEP)
        assert not numbers & set(_numbers(after))
        assert len(after) == len(alone)
        for track, expected in zip(after, alone, strict=True):
            np.testing.assert_allclose(track.landmarks, expected.landmarks, atol=1e-4)
        found += len(before) > 0 and len(after) > 0
    assert found >= 2


def test_real_network_follows_the_portrait():
    """Panned by 8 pixels a frame, then replaced by grey."""
    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    tracker = Tracker(zoo.load("cnn6_300w"), unfiltered, search_interval=100)
    (first,) = tracker(portrait, STEP)
    start = first.landmarks
    for shift in range(0, 80, 8):
        (track,) = tracker(np.roll(portrait, shift, axis=1), STEP)
        moved = track.landmarks - [shift, 0]
        assert track.number == 1 and np.abs(moved - start).mean() < 3
    assert tracker(np.full_like(portrait, 90), STEP) == []
