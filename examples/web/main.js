// The page: a picture or the camera, a box drawn by hand, landmarks drawn over it.
//
// ?model=FILE.onnx&image=URL&box=left,top,right,bottom opens one at once.

import { boxAround, load } from "./localizer.js";

const canvas = document.getElementById("picture");
const context = canvas.getContext("2d", { willReadFrequently: true });
const statusLine = document.getElementById("status");
const save = document.getElementById("save");
const query = new URLSearchParams(location.search);

let source = null; // ImageBitmap, or the camera's <video>
let box = null;
let landmarks = null;
let localize = null;

const say = (text) => { statusLine.textContent = text; };

function showSource() {
  canvas.width = source.videoWidth || source.width;
  canvas.height = source.videoHeight || source.height;
  context.drawImage(source, 0, 0);
}

function draw() {
  const unit = Math.max(canvas.width / 400, 1);
  if (box) {
    context.strokeStyle = "#0af";
    context.lineWidth = unit;
    context.strokeRect(box[0] + 0.5, box[1] + 0.5, box[2] - box[0], box[3] - box[1]);
  }
  context.fillStyle = "#0f0";
  for (const [x, y] of landmarks ?? []) {
    context.beginPath();
    context.arc(x + 0.5, y + 0.5, 1.5 * unit, 0, 2 * Math.PI);
    context.fill();
  }
}

/**
 * One picture: from the box to landmarks, on the screen and in the file to save.
 *
 * Returns the milliseconds taken, or null if by then there is another picture or box,
 * which the answer does not belong to.
 */
async function update() {
  showSource();
  landmarks = null;
  save.hidden = true;
  let ms = 0;
  if (box && localize) {
    const [ownSource, ownBox] = [source, box];
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const start = performance.now();
    const [found] = await localize(pixels, [ownBox]);
    ms = performance.now() - start;
    if (source !== ownSource || box !== ownBox) return null;
    landmarks = found;
    save.hidden = false;
    save.href = "data:application/json," + encodeURIComponent(JSON.stringify({ box, landmarks }));
  }
  draw();
  return ms;
}

async function show(bitmap) {
  source?.srcObject?.getTracks().forEach((track) => track.stop());
  source = bitmap;
  box = null;
  await update();
  say("Draw a box around the face.");
}

async function updateStill() {
  try {
    const ms = await update();
    if (ms !== null && landmarks) say(`${landmarks.length} points in ${ms.toFixed(0)} ms`);
  } catch (error) {
    say(`The model failed: ${error.message}`);
  }
}

async function openFile(file) {
  if (!file) return;
  try {
    await show(await createImageBitmap(file));
  } catch {
    say(`${file.name} is not a picture that this browser can read.`);
  }
}

async function startCamera() {
  const video = document.createElement("video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  } catch (error) {
    say(`No camera: ${error.message}`);
    return;
  }
  await video.play();
  await show(video);
  let before = performance.now();
  let rate = 0;
  while (source === video) {
    await new Promise(requestAnimationFrame);
    if (dragging) { showSource(); draw(); continue; }
    try {
      if ((await update()) === null) continue;
    } catch (error) {
      say(`The model failed: ${error.message}`);
      return;
    }
    const now = performance.now();
    rate = 0.9 * rate + 0.1 * (1000 / (now - before));
    before = now;
    if (landmarks) {
      box = boxAround(landmarks);
      say(`${rate.toFixed(0)} frames per second; draw a new box if it lost the face`);
    }
  }
}

let dragging = null;
const at = (event) => {
  const shown = canvas.getBoundingClientRect();
  return [
    ((event.clientX - shown.left) / shown.width) * canvas.width - 0.5,
    ((event.clientY - shown.top) / shown.height) * canvas.height - 0.5,
  ];
};
canvas.addEventListener("pointerdown", (event) => {
  if (!source) return;
  canvas.setPointerCapture(event.pointerId);
  dragging = at(event);
});
canvas.addEventListener("pointermove", (event) => {
  if (!dragging) return;
  const [x, y] = at(event);
  box = [Math.min(x, dragging[0]), Math.min(y, dragging[1]), Math.max(x, dragging[0]), Math.max(y, dragging[1])];
  landmarks = null;
  showSource();
  draw();
});
canvas.addEventListener("pointerup", () => {
  dragging = null;
  if (box && box[2] - box[0] < 8) box = null;
  if (source && !source.srcObject) updateStill();
});

document.getElementById("file").addEventListener("change", (event) => openFile(event.target.files[0]));
document.getElementById("camera").addEventListener("click", startCamera);
document.body.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.body.addEventListener("dragleave", () => document.body.classList.remove("over"));
document.body.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  if (event.dataTransfer.files[0]) openFile(event.dataTransfer.files[0]);
});

try {
  const file = query.get("model") ?? "model.onnx";
  localize = await load(file);
  if (source) await updateStill();
  else say("Choose a picture.");
} catch (error) {
  say(`The model could not be loaded: ${error.message}`);
}
if (localize && query.has("image")) {
  try {
    const response = await fetch(query.get("image"));
    await show(await createImageBitmap(await response.blob()));
    if (query.has("box")) {
      box = query.get("box").split(",").map(Number);
      await updateStill();
    }
  } catch {
    say(`${query.get("image")} is not a picture that this browser can read.`);
  }
}
