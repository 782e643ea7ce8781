// Boxes: left, top, right, bottom, pixels of the picture.

export const areaOf = ([left, top, right, bottom]) => (right - left) * (bottom - top);

export const shorterSide = ([left, top, right, bottom]) => Math.min(right - left, bottom - top);

export function commonArea(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

/** Intersection over union. */
export function overlap(a, b) {
  const common = commonArea(a, b);
  return common / (areaOf(a) + areaOf(b) - common);
}

/** The square around a face's landmarks: where to look for it in the next frame. */
export function boxAround(landmarks) {
  const [xs, ys] = [0, 1].map((axis) => landmarks.map((point) => point[axis]));
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const half = Math.max(right - left, bottom - top) / 2;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return [x - half, y - half, x + half, y + half];
}

/** From a detector's box to the square around the landmarks; see `BoxCalibration`. */
export function calibrate(box, { right, down, scale }) {
  const side = Math.sqrt(areaOf(box));
  const x = (box[0] + box[2]) / 2 + side * right;
  const y = (box[1] + box[3]) / 2 + side * down;
  const half = (side * scale) / 2;
  return [x - half, y - half, x + half, y + half];
}
