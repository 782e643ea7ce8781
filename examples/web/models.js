// The models of this site, and the one that is chosen.

import { makeDetector } from "./detector.js";
import { fetchFile } from "./files.js";
import { loadLocalizer } from "./localizer.js";
import { loadYuNet } from "./yunet.js";

const readJson = async (name, what) => (await fetchFile(name, what)).json();
let yunet = null;
const loaded = new Map(); // localizers by the names of their models

/** Fill the choice; the first model of `models.json` is the default. */
export async function listModels(choice, preferred) {
  const models = await readJson("models.json", "list of models");
  for (const { name, megabytes, error } of models) {
    const percent = error ? `, error ${error.nme_percent.toFixed(2)} %` : "";
    choice.add(new Option(`${name}: ${megabytes.toFixed(1)} MB${percent}`, name));
  }
  if (preferred) choice.value = preferred;
  if (!choice.value) {
    const names = models.map(({ name }) => name).join(", ");
    throw new Error(`This site has no model ${preferred}; it has ${names}.`);
  }
  return models;
}

/** What a model is, in words. */
export function describe({ name, error, licence }) {
  const measured = error
    ? `: mean error ${error.nme_percent.toFixed(2)} % of the ${error.of} (${error.data})`
    : "";
  return `${name}${measured}. Weights: ${licence || "no licence given"}.`;
}

/**
 * @param {object} model of `models.json`
 * @returns {Promise<{detect: Function, localize: Function}>} see `makeDetector` and
 *   `loadLocalizer`
 */
export async function loadModel(model) {
  const settings = await readJson("detector.json", "settings of the face detector");
  yunet ??= await loadYuNet(settings);
  if (!loaded.has(model.name)) loaded.set(model.name, await loadLocalizer(model));
  const detect = makeDetector(yunet, settings, model.calibration);
  return { detect, localize: loaded.get(model.name) };
}
