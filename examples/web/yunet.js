// YuNet, the network that finds faces: its input and its output, as OpenCV has them.

import { overlap } from "./boxes.js";
import { loadNetwork, Tensor } from "./runtime.js";

const STRIDES = [8, 16, 32];
const SAME_FACE = 0.3; // intersection over union

/**
 * @returns {Promise<(picture) => Promise<{box: number[], score: number}[]>>} from an RGBA
 *   picture to its own boxes, counted from the edge of the first pixel
 */
export async function loadYuNet({ file, min_score }) {
  const run = await loadNetwork(file, "face detector");
  return async (picture) => {
    const input = inputOf(picture);
    return best(decode(await run({ input }), input.dims[3], min_score));
  };
}

/** `[1, 3, H, W]`: blue, green, red in [0, 255]; zeros beyond, to whole cells of 32. */
function inputOf({ data, width, height }) {
  const [wide, high] = [width, height].map((side) => Math.ceil(side / 32) * 32);
  const plane = wide * high;
  const values = new Float32Array(3 * plane);
  for (let y = 0, from = 0; y < height; y++) {
    for (let to = y * wide; to < y * wide + width; to++, from += 4) {
      values[to] = data[from + 2];
      values[plane + to] = data[from + 1];
      values[2 * plane + to] = data[from];
    }
  }
  return new Tensor("float32", values, [1, 3, high, wide]);
}

function decode(outputs, wide, minScore) {
  const unit = (value) => Math.min(Math.max(value, 0), 1);
  const found = [];
  for (const stride of STRIDES) {
    const [faces, objects, boxes] = ["cls", "obj", "bbox"].map(
      (name) => outputs[`${name}_${stride}`].data,
    );
    const columns = wide / stride;
    for (let cell = 0; cell < faces.length; cell++) {
      const score = Math.sqrt(unit(faces[cell]) * unit(objects[cell]));
      if (score < minScore) continue;
      const [right, down, logWidth, logHeight] = boxes.subarray(4 * cell, 4 * cell + 4);
      const x = ((cell % columns) + right) * stride;
      const y = (Math.floor(cell / columns) + down) * stride;
      const halfWidth = (Math.exp(logWidth) * stride) / 2;
      const halfHeight = (Math.exp(logHeight) * stride) / 2;
      found.push({ box: [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight], score });
    }
  }
  return found;
}

/** Of the boxes of one face that with the highest score: non-maximum suppression. */
function best(found) {
  const kept = [];
  for (const face of found.sort((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => overlap(box, face.box) <= SAME_FACE)) kept.push(face);
  }
  return kept;
}
