"""The files that examples in docstrings name, made from one portrait."""

import json
from pathlib import Path

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data

from made_videos import MJPEG, write
from own_points_files import write_own_points
from wingkeras import geometry
from wingkeras.data import FaceDataset, save_csv, write_pts
from wingkeras.data.csv_files import coordinate_columns
from wingkeras.imaging import read_image
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE, IBUG68, five_of_ibug68

PORTRAIT = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
SIDE = 96


def make_files(folder: Path, localizer: Localizer) -> dict[str, object]:
    """Write the files, and return what examples find by name."""
    image = read_image(PORTRAIT)
    found = localizer.detect(image)
    for name in ("photo.jpg", "portrait.jpg", "group.jpg", "photographs/a.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(PORTRAIT.read_bytes())
    (folder / "no_picture.txt").write_text("text")
    faces = _faces(folder / "faces", image, found.landmarks[0])
    save_csv(faces, folder / "faces.csv")
    write_own_points(folder)
    _write_300w(folder / "300w", faces)
    _write_mtfl(folder / "lfw.csv", faces)
    _write_coco(folder / "annotations/train.json", found.landmarks[0])
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    write(folder / "clip.avi", [small] * 4, how=MJPEG)
    whole = (folder / "clip.avi").read_bytes()
    (folder / "cut_off.avi").write_bytes(whole[: len(whole) * 2 // 3])
    return {
        "image": image,
        "boxes": found.boxes,
        "landmarks": found.landmarks,
        "faces": faces,
        "my_network": lambda crops: np.zeros((len(crops), 136), np.float32),
    }


def _faces(folder: Path, image: np.ndarray, landmarks: np.ndarray) -> FaceDataset:
    """Crops of the portrait, sheared at random, as faces in several poses."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    box = geometry.scale_boxes(geometry.landmark_boxes(landmarks[None]), 1.6)
    crop = geometry.crop_maps(box, SIDE)[0]
    images, points = [], []
    for i in range(40):
        shear = np.eye(3)[:2] + rng.normal(0, 0.06, (2, 3)) * [1, 1, 20]
        maps = geometry.compose(shear[None], crop[None])
        path = folder / f"{i:02}.png"
        warped = cv2.warpAffine(image, maps[0], (SIDE, SIDE), flags=cv2.INTER_AREA)
        cv2.imwrite(str(path), warped[..., ::-1])
        images.append(path)
        points.append(geometry.transform(maps, landmarks[None])[0])
    videos = np.array([f"video {i % 8}" for i in range(40)], object)
    return FaceDataset(
        tuple(images), np.array(points), IBUG68, ("made",) * 40, {"video": videos}
    )


def _write_300w(root: Path, faces: FaceDataset) -> None:
    for i, subset in enumerate(("helen/testset", "lfpw/testset")):
        (root / subset).mkdir(parents=True)
        for k in (2 * i, 2 * i + 1):
            (root / subset / f"{k}.png").write_bytes(faces.images[k].read_bytes())
            write_pts(root / subset / f"{k}.pts", faces.landmarks[k])


def _write_mtfl(path: Path, faces: FaceDataset) -> None:
    columns = [*coordinate_columns(FIVE), "gender", "smile", "glasses", "head_pose"]
    lines = [",".join(["image", *columns])]
    vectors = geometry.to_shape_vectors(five_of_ibug68(faces.landmarks[:2]))
    for image, vector in zip(faces.images, vectors, strict=False):
        cells = [f"{value:.2f}" for value in vector]
        lines.append(",".join([str(image), *cells, "1", "1", "2", "3"]))
    path.write_text("\n".join(lines))


def _write_coco(path: Path, landmarks: np.ndarray) -> None:
    path.parent.mkdir()
    keypoints = np.concatenate([landmarks, np.full((68, 1), 2)], axis=1)
    annotation = {"image_id": 1, "keypoints": keypoints.astype(float).ravel().tolist()}
    images = [{"id": 1, "file_name": "a.jpg"}]
    path.write_text(json.dumps({"images": images, "annotations": [annotation]}))
