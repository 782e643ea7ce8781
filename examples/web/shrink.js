// Smaller pictures by area averaging, as OpenCV's INTER_AREA makes them.

/**
 * @param {{data: ArrayLike<number>, width: number, height: number}} picture RGBA
 * @param {number} factor how many times fewer pixels in each direction, from 1
 * @returns {{data: ArrayLike<number>, width: number, height: number}} RGBA
 */
export function shrink(picture, factor) {
  if (factor <= 1) return picture;
  const width = Math.max(1, Math.round(picture.width / factor));
  const height = Math.max(1, Math.round(picture.height / factor));
  const data = new Uint8ClampedArray(width * height * 4);
  const columns = windows(picture.width, width);
  const rows = windows(picture.height, height);
  const sums = new Float32Array(width * 4);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (const [row, rowShare] of rows[y]) {
      for (let x = 0; x < width; x++) {
        for (const [column, columnShare] of columns[x]) {
          const from = (row * picture.width + column) * 4;
          const share = rowShare * columnShare;
          for (let c = 0; c < 3; c++) sums[4 * x + c] += share * picture.data[from + c];
        }
      }
    }
    data.set(sums, y * width * 4); // a clamped array rounds
  }
  return { data, width, height };
}

/** For each new pixel, the old ones that it covers, and its share of each. */
function windows(from, to) {
  const factor = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * factor, Math.min((i + 1) * factor, from)];
    const covered = [];
    for (let j = Math.floor(start); j < end; j++) {
      const share = (Math.min(j + 1, end) - Math.max(j, start)) / (end - start);
      if (share > 1e-6) covered.push([j, share]);
    }
    return covered;
  });
}
