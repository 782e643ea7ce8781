// Landmarks on a transparent canvas over the picture.

/**
 * @param {HTMLCanvasElement} canvas of the picture's size
 * @param {{box: number[], landmarks: number[][]}[]} faces pixels of the picture
 * @param {number[][]} edges pairs of points joined by a line
 */
export function drawFaces(canvas, faces, edges) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.translate(0.5, 0.5); // a canvas counts from the edge of the first pixel
  for (const { box, landmarks } of faces) {
    const unit = Math.max((box[2] - box[0]) / 150, canvas.width / 2000);
    context.lineWidth = unit;
    context.strokeStyle = "#fff";
    context.beginPath();
    for (const [from, to] of edges) {
      context.moveTo(...landmarks[from]);
      context.lineTo(...landmarks[to]);
    }
    context.stroke();
    context.fillStyle = "#3cdc3c";
    for (const [x, y] of landmarks) {
      context.beginPath();
      context.arc(x, y, 1.6 * unit, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.restore();
}
