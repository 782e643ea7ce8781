// The page: a picture or the camera, its faces found and their landmarks drawn.
//
// ?model=NAME chooses a model, ?image=URL opens a picture at once.

import { describe, listModels, loadModel } from "./models.js";
import { keepForOfflineUse } from "./offline.js";
import { makeTracker } from "./tracker.js";
import { pixelsOf, show } from "./view.js";

const byId = (id) => document.getElementById(id);
const [choice, cameraButton] = [byId("model"), byId("camera")];
const query = new URLSearchParams(location.search);

let models = [];
let model = null; // of models.json
let ready = null; // promise of what `loadModel` returns
let source = null; // ImageBitmap, or the camera's <video>

const say = (text) => { byId("status").textContent = text; };
const fail = (error) => say(error.message);

function choose() {
  model = models.find(({ name }) => name === choice.value);
  byId("about").textContent = describe(model);
  say(`Loading ${model.name}…`);
  ready = loadModel(model);
  const chosen = ready;
  chosen.then(() => { if (!source && ready === chosen) say("Choose a picture."); }, fail);
  if (source) run();
}

function open(next) {
  source?.srcObject?.getTracks().forEach((track) => track.stop());
  source = next;
  cameraButton.textContent = source?.srcObject ? "Stop camera" : "Start camera";
  if (source) run();
}

/** Show what is open, until something else or another model is chosen. */
async function run() {
  const [ownSource, ownModel, ownReady] = [source, model, ready];
  const isCurrent = () => source === ownSource && ready === ownReady;
  try {
    if (source.srcObject) await runCamera(ownSource, ownModel, await ownReady, isCurrent);
    else await runPicture(ownSource, ownModel, ownReady, isCurrent);
  } catch (error) {
    if (isCurrent()) fail(error);
  }
}

async function runPicture(bitmap, ownModel, loading, isCurrent) {
  const pixels = pixelsOf(bitmap);
  show(pixels, [], ownModel);
  say("Looking for faces…");
  const { detect, localize } = await loading;
  const start = performance.now();
  const found = await detect(pixels);
  const landmarks = await localize(pixels, found.map(({ box }) => box));
  if (!isCurrent()) return; // the answer belongs to what was open before
  const faces = found.map((face, i) => ({ ...face, landmarks: landmarks[i] }));
  show(pixels, faces, ownModel);
  say(`${count(faces)} in ${(performance.now() - start).toFixed(0)} ms`);
}

async function runCamera(video, ownModel, { detect, localize }, isCurrent) {
  const track = makeTracker(detect, localize);
  const times = [performance.now()];
  while (isCurrent()) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const pixels = pixelsOf(video);
    const faces = await track(pixels);
    if (!isCurrent()) return;
    show(pixels, faces, ownModel);
    times.push(performance.now());
    while (times.length > 2 && times.at(-1) - times[0] > 2000) times.shift();
    const rate = (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
    say(`${count(faces)}; ${rate.toFixed(1)} frames/s`);
  }
}

function count(faces) {
  if (faces.length === 0) return "No face found";
  const points = faces[0].landmarks.length;
  return faces.length === 1 ? `1 face, ${points} points` : `${faces.length} faces, ${points} points each`;
}

async function openPicture(name, getBlob) {
  try {
    open(await createImageBitmap(await getBlob()));
  } catch {
    say(`${name} is not a picture that this browser can read.`);
  }
}

async function startCamera() {
  if (!navigator.mediaDevices) {
    say("No camera: browsers give it to pages from https or localhost only.");
    return;
  }
  try {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    await video.play();
    byId("file").value = ""; // so that the same file can be chosen again
    open(video);
  } catch (error) {
    say(`No camera: ${error.message}`);
  }
}

const openFile = (file) => file && model && openPicture(file.name, () => file);
byId("file").addEventListener("change", (event) => openFile(event.target.files[0]));
document.body.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.body.addEventListener("dragleave", () => document.body.classList.remove("over"));
document.body.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  openFile(event.dataTransfer.files[0]);
});

try {
  models = await listModels(choice, query.get("model"));
  choice.addEventListener("change", choose);
  cameraButton.addEventListener("click", () => {
    if (source?.srcObject) { open(null); say("Choose a picture."); } else startCamera();
  });
  choose();
  await ready;
  const image = query.get("image");
  if (image && !source) await openPicture(image, async () => (await fetch(image)).blob());
  await keepForOfflineUse(byId("offline"));
} catch (error) {
  fail(error);
}
