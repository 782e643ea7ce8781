// The exported file: a picture and face boxes in, landmarks out.

import * as ort from "./node_modules/onnxruntime-web/dist/ort.wasm.min.mjs";

ort.env.wasm.wasmPaths = new URL("./node_modules/onnxruntime-web/dist/", import.meta.url).href;

/** Load an ONNX file that `wingkeras convert NAME --to onnx` wrote. */
export async function load(url) {
  const session = await ort.InferenceSession.create(url);
  return (imageData, boxes) => localize(session, imageData, boxes);
}

/**
 * @param {ImageData} imageData the picture
 * @param {number[][]} boxes left, top, right, bottom of the squares around the faces'
 *   landmarks, pixels of the picture
 * @returns {Promise<number[][][]>} per face its points [x, y], pixels of the picture;
 *   the centre of the top left pixel is [0, 0]
 */
async function localize(session, imageData, boxes) {
  if (boxes.length === 0) return [];
  const { width, height } = imageData;
  const image = new ort.Tensor("uint8", withoutAlpha(imageData.data), [height, width, 3]);
  const flat = Float32Array.from(boxes.flat());
  const { landmarks } = await session.run({
    image,
    boxes: new ort.Tensor("float32", flat, [boxes.length, 4]),
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

/** The box around a face's landmarks: where to look for it in the next frame. */
export function boxAround(landmarks) {
  const xs = landmarks.map((point) => point[0]);
  const ys = landmarks.map((point) => point[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
