"""Many faces in one file of a few megabytes, and back."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import PIL.Image

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging import crops
from wingkeras.imaging.images import read_image
from wingkeras.schemes import get_scheme
from wingkeras.storage.files import atomic_write

# Where `side` is twice a network's input, and the crop 1.1 times the face's box, as in
# most recipes, this is the very region that training keeps, not resampled again.
_FRAME = 1.1 * crops.REGION_FACTOR
_STEPS = 64  # of a landmark, in a pixel
_UNLABELLED = np.iinfo(np.int16).min
_UNPACKED = "faces.npz"


def pack_faces(
    sets: Mapping[str, FaceDataset], path: Path, side: int, quality: int
) -> dict[str, dict]:
    """Write faces to one file.

    Of every picture the square around the face's box is kept that training sees,
    2.2 times as wide, at most `side` pixels, as WebP, which at the same error takes two
    thirds of JPEG's bytes. A picture that is no larger is kept whole.

    Args:
        sets: of faces, by name; one face in a picture.
        path: of the `.npz` file.
        side: most pixels along a side.
        quality: of WebP, 0 to 100.

    Returns:
        For each set the number of its faces, its megabytes, and the error of its
        pictures (peak signal-to-noise ratio, dB).

    Raises:
        ValueError: if faces share a picture.
    """
    arrays, measured = {}, {}
    for name, faces in sets.items():
        if len({*faces.images}) < len(faces):
            raise ValueError(
                f"Expected one face in a picture, {name} has {len(faces)} faces in "
                f"{len({*faces.images})} pictures."
            )
        packed = [_pack(faces, i, side, quality) for i in range(len(faces))]
        encoded, landmarks, boxes, errors = zip(*packed, strict=True)
        landmarks = np.nan_to_num(np.stack(landmarks) * _STEPS, nan=_UNLABELLED)
        root = os.path.commonpath([image.parent for image in faces.images])
        arrays |= {
            f"{name}/pictures": np.frombuffer(b"".join(encoded), np.uint8),
            f"{name}/ends": np.cumsum([len(data) for data in encoded]),
            f"{name}/names": [i.relative_to(root).as_posix() for i in faces.images],
            f"{name}/landmarks": np.rint(landmarks).astype(np.int16),
            f"{name}/boxes": np.stack(boxes).astype(np.float32),
            f"{name}/subsets": faces.subsets,
            f"{name}/scheme": faces.scheme.name,
        }
        for key, values in faces.attributes.items():
            arrays[f"{name}/attribute/{key}"] = values
        measured[name] = {
            "faces": len(faces),
            "megabytes": round(sum(map(len, encoded)) / 1e6, 2),
            "psnr_db": round(float(np.mean(errors)), 1),
        }
    with atomic_write(path) as scratch, scratch.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return measured


def _pack(faces: FaceDataset, i: int, side: int, quality: int):
    picture = read_image(faces.images[i])
    landmarks, box = faces.landmarks[i], faces.boxes[i : i + 1]
    if max(picture.shape[:2]) > side:
        region = geometry.scale_boxes(box, _FRAME)
        size = min(side, round(float(region[0, 2] - region[0, 0])))
        regions, maps = crops.face_regions(picture, region, size)
        picture, landmarks = regions[0], geometry.transform(maps, landmarks[None])[0]
        corners = geometry.transform(maps, box.reshape(1, 2, 2))
        box = corners.reshape(1, 4)
    file = io.BytesIO()
    PIL.Image.fromarray(picture).save(file, "WEBP", quality=quality)
    decoded = np.asarray(PIL.Image.open(file).convert("RGB"), np.float32)
    error = np.square(decoded - picture).mean()
    return file.getvalue(), landmarks, box[0], 10 * np.log10(255**2 / max(error, 1e-3))


def unpack_faces(path: Path, folder: Path) -> None:
    """Write the pictures of a packed file to a folder, for `read_faces`.

    Does nothing where that has been done.
    """
    index = folder / _UNPACKED
    if index.exists():
        return
    kept = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            name, _, part = key.partition("/")
            if part != "pictures":
                kept[key] = arrays[key]
                continue
            pictures, ends = arrays[key].tobytes(), arrays[f"{name}/ends"]
            starts = np.append(0, ends[:-1])
            names = arrays[f"{name}/names"]
            for start, end, picture in zip(starts, ends, names, strict=True):
                target = folder / name / str(picture)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(pictures[start:end])
    with atomic_write(index) as scratch, scratch.open("wb") as file:
        np.savez(file, **kept)


def is_unpacked(folder: Path) -> bool:
    """Whether a folder was filled by `unpack_faces`."""
    return (folder / _UNPACKED).exists()


def read_faces(folder: Path, name: str) -> FaceDataset:
    """A set of faces from a folder that `unpack_faces` filled.

    Pictures have the names, relative to each other, that they had: a split holds the
    same faces out.

    Raises:
        FileNotFoundError: if there is no such set.
    """
    with np.load(folder / _UNPACKED) as arrays:
        if f"{name}/names" not in arrays.files:
            names = {key.split("/")[0] for key in arrays.files}
            raise FileNotFoundError(
                f"Expected the faces {name!r} among those packed; there are "
                f"{', '.join(sorted(names))}. Pack them too."
            )
        landmarks = arrays[f"{name}/landmarks"].astype(np.float32)
        landmarks = np.where(landmarks == _UNLABELLED, np.nan, landmarks / _STEPS)
        begin = f"{name}/attribute/"
        return FaceDataset(
            images=tuple(folder / name / str(p) for p in arrays[f"{name}/names"]),
            landmarks=landmarks,
            scheme=get_scheme(str(arrays[f"{name}/scheme"])),
            subsets=tuple(map(str, arrays[f"{name}/subsets"])),
            attributes={
                key.removeprefix(begin): arrays[key]
                for key in arrays.files
                if key.startswith(begin)
            },
            boxes=arrays[f"{name}/boxes"],
        )
