// At which sizes a picture is searched for faces, as `wingkeras.inference.search` has it:
// the overview has the large ones, a closer look at large pictures the small ones.

import { areaOf, calibrate, commonArea, overlap, shorterSide } from "./boxes.js";
import { shrink } from "./shrink.js";

const CLOSER_SIDE = 2048; // pixels, at most; Python goes further, in tiles

/**
 * @param {Function} yunet see `loadYuNet`
 * @param {object} settings Python's, which the build wrote to detector.json
 * @param {{right, down, scale}} calibration of the model
 * @returns {(picture, closer?: boolean) => Promise<{box: number[], score: number}[]>} from an
 *   RGBA picture to the squares around its faces' landmarks, the largest first; `closer`
 *   tells whether to take the closer look
 */
export function makeDetector(yunet, settings, calibration) {
  return async (picture, closer = true) => {
    const faces = await search(yunet, settings, picture, closer);
    return faces
      .sort((a, b) => areaOf(b.box) - areaOf(a.box))
      .map(({ box, score }) => ({ box: calibrate(box, calibration), score }));
  };
}

async function search(yunet, settings, picture, closer) {
  const longest = Math.max(picture.width, picture.height);
  const overview = Math.max(1, longest / settings.overview_side);
  const large = await look(yunet, picture, overview);
  const factor = Math.max(1, settings.min_face / settings.least_side, longest / CLOSER_SIDE);
  if (!closer || factor >= overview) return large;
  for (const face of large) {
    face.clear = shorterSide(face.box) >= settings.least_side * overview;
  }
  // What is large in the overview is a face: a closer look may take parts of it for more.
  const certain = large.filter(
    ({ box, clear }) => clear && shorterSide(box) >= settings.largest_side * factor,
  );
  const small = (await look(yunet, picture, factor)).filter(
    ({ box }) => !certain.some((face) => isAround(face.box, box, settings.head)),
  );
  return merge([...large, ...small], settings);
}

async function look(yunet, picture, factor) {
  const found = await yunet(shrink(picture, factor));
  // The centre of the first pixel is 0, not its edge.
  return found.map(({ box, score }) => ({ box: box.map((x) => x * factor - 0.5), score }));
}

/** Whether a box has its centre on a head, or close beside it. */
function isAround(face, box, head) {
  return [0, 1].every((axis) => {
    const distance = (box[axis] + box[axis + 2] - face[axis] - face[axis + 2]) / 2;
    return Math.abs(distance) <= (head * (face[axis + 2] - face[axis])) / 2;
  });
}

/** One box for each face: those that are clear in the overview, then by their scores. */
function merge(faces, { same_face, part_of_face }) {
  const rank = ({ score, clear }) => score + (clear ? 1 : 0);
  const kept = [];
  for (const face of faces.sort((a, b) => rank(b) - rank(a))) {
    const isKnown = kept.some(({ box }) => {
      const part = commonArea(box, face.box) / Math.min(areaOf(box), areaOf(face.box));
      return overlap(box, face.box) > same_face || part > part_of_face;
    });
    if (!isKnown) kept.push(face);
  }
  return kept;
}
