// The exported file: a picture and face boxes in, landmarks out.

import { loadNetwork, Tensor } from "./runtime.js";

/**
 * Load an ONNX file that `wingkeras convert NAME --to onnx` wrote.
 *
 * @param {{file: string, region_scale: number}} model of `models.json`
 */
export async function loadLocalizer({ file, region_scale }) {
  const run = await loadNetwork(file, "model");
  return (picture, boxes) => localize(run, region_scale, picture, boxes);
}

/**
 * @param {Function} run see `loadNetwork`
 * @param {number} scale side of what the networks see over that of the box
 * @param {ImageData} picture
 * @param {number[][]} boxes left, top, right, bottom of the squares around the faces'
 *   landmarks, pixels of the picture
 * @returns {Promise<number[][][]>} per face its points [x, y], pixels of the picture;
 *   the centre of the top left pixel is [0, 0]
 */
async function localize(run, scale, picture, boxes) {
  if (boxes.length === 0) return [];
  // The graph goes over every pixel that it is given.
  const [left, right] = span(boxes, 0, scale, picture.width);
  const [top, bottom] = span(boxes, 1, scale, picture.height);
  const shifted = boxes.flatMap((box) => [box[0] - left, box[1] - top, box[2] - left, box[3] - top]);
  const { landmarks } = await run({
    image: new Tensor("uint8", cut(picture, left, top, right, bottom), [bottom - top, right - left, 3]),
    boxes: new Tensor("float32", Float32Array.from(shifted), [boxes.length, 4]),
  });
  const count = landmarks.dims[1];
  const point = (i) => [landmarks.data[2 * i] + left, landmarks.data[2 * i + 1] + top];
  return boxes.map((_, face) =>
    Array.from({ length: count }, (_, i) => point(face * count + i)),
  );
}

/** Along one axis, the first pixel that the networks see of any face, and the end. */
function span(boxes, axis, scale, length) {
  const margin = 2; // pixels are interpolated
  const ends = boxes.map((box) => {
    const half = (scale * Math.max(box[2] - box[0], box[3] - box[1])) / 2 + margin;
    const centre = (box[axis] + box[axis + 2]) / 2;
    return [Math.floor(centre - half), Math.ceil(centre + half)];
  });
  const start = Math.min(Math.max(Math.min(...ends.map(([low]) => low)), 0), length - 1);
  return [start, Math.max(Math.min(Math.max(...ends.map(([, high]) => high)), length), start + 1)];
}

/** RGB of a part of an RGBA picture. */
function cut({ data, width }, left, top, right, bottom) {
  const rgb = new Uint8Array((right - left) * (bottom - top) * 3);
  for (let y = top, to = 0; y < bottom; y++) {
    for (let from = 4 * (y * width + left); from < 4 * (y * width + right); from += 4) {
      rgb[to++] = data[from];
      rgb[to++] = data[from + 1];
      rgb[to++] = data[from + 2];
    }
  }
  return rgb;
}
