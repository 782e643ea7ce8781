// Faces from frame to frame of a camera.

import { boxAround, overlap } from "./boxes.js";

const SEARCH_INTERVAL = 500; // milliseconds
const SAME_FACE = 0.5; // intersection over union with its box in the frame before

/**
 * Follows every face by its last landmarks, and looks for others.
 *
 * The detector searches a frame every half second, while there is no face, and after one
 * was lost; the faces are then those that it finds. In between, a face is looked for in
 * the square around its last landmarks. It is lost when its new ones lie elsewhere.
 *
 * @param {Function} detect see `makeDetector`
 * @param {Function} localize see `loadLocalizer`
 * @returns {(frame: ImageData) => Promise<{box, score, landmarks}[]>}
 */
export function makeTracker(detect, localize) {
  let faces = [];
  let searched = -Infinity;
  return async (frame) => {
    const now = performance.now();
    if (faces.length === 0 || now - searched >= SEARCH_INTERVAL) {
      faces = (await detect(frame, false)).map((found) => followed(faces, found) ?? found);
      searched = now;
    } else {
      faces = faces.map(moved);
    }
    const landmarks = await localize(frame, faces.map(({ box }) => box));
    const all = faces.map((face, i) => ({ ...face, landmarks: landmarks[i] }));
    faces = all.filter((face) => overlap(face.box, boxAround(face.landmarks)) > SAME_FACE);
    if (faces.length < all.length) searched = -Infinity;
    return faces;
  };
}

const moved = ({ score, landmarks }) => ({ box: boxAround(landmarks), score });

/** The face in the same place, which its landmarks locate better than the detector. */
function followed(faces, found) {
  const same = faces.map(moved).find(({ box }) => overlap(box, found.box) > SAME_FACE);
  return same && { ...same, score: found.score };
}
