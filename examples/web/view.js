// The picture on the screen, its faces over it, and the file to save.

import { drawFaces } from "./drawing.js";

const canvas = document.getElementById("picture");
const drawing = document.getElementById("drawing");
const save = document.getElementById("save");
const scratch = document.createElement("canvas");

/**
 * @param {ImageBitmap | HTMLVideoElement} source
 * @returns {ImageData} its pixels now
 */
export function pixelsOf(source) {
  scratch.width = source.videoWidth || source.width;
  scratch.height = source.videoHeight || source.height;
  const context = scratch.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  return context.getImageData(0, 0, scratch.width, scratch.height);
}

/**
 * Show a picture together with the landmarks that were found in it.
 *
 * @param {ImageData} pixels
 * @param {{box, score, landmarks}[]} faces none while they are looked for
 * @param {{name, scheme, edges}} model that found them
 */
export function show(pixels, faces, model) {
  for (const each of [canvas, drawing]) {
    if (each.width !== pixels.width) each.width = pixels.width;
    if (each.height !== pixels.height) each.height = pixels.height;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  drawFaces(drawing, faces, model.edges);
  save.hidden = faces.length === 0;
  const found = JSON.stringify({ model: model.name, scheme: model.scheme, faces });
  save.href = `data:application/json,${encodeURIComponent(found)}`;
}
