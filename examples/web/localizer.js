// The exported file: a picture and face boxes in, landmarks out.

import { loadNetwork, Tensor } from "./runtime.js";

/** Load an ONNX file that `wingkeras convert NAME --to onnx` wrote. */
export async function loadLocalizer(file) {
  const run = await loadNetwork(file, "model");
  return (picture, boxes) => localize(run, picture, boxes);
}

/**
 * @param {Function} run see `loadNetwork`
 * @param {ImageData} picture
 * @param {number[][]} boxes left, top, right, bottom of the squares around the faces'
 *   landmarks, pixels of the picture
 * @returns {Promise<number[][][]>} per face its points [x, y], pixels of the picture;
 *   the centre of the top left pixel is [0, 0]
 */
async function localize(run, picture, boxes) {
  if (boxes.length === 0) return [];
  const { data, width, height } = picture;
  const { landmarks } = await run({
    image: new Tensor("uint8", withoutAlpha(data), [height, width, 3]),
    boxes: new Tensor("float32", Float32Array.from(boxes.flat()), [boxes.length, 4]),
  });
  const count = landmarks.dims[1];
  const point = (i) => [landmarks.data[2 * i], landmarks.data[2 * i + 1]];
  return boxes.map((_, face) =>
    Array.from({ length: count }, (_, i) => point(face * count + i)),
  );
}

function withoutAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return rgb;
}
