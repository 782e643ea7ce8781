// ONNX Runtime: a model file of this site as a function of tensors.

import * as ort from "./onnxruntime/ort.wasm.min.mjs";
import { fetchFile } from "./files.js";

ort.env.wasm.wasmPaths = new URL("./onnxruntime/", import.meta.url).href;
ort.env.wasm.proxy = true; // in a worker, so that the page stays responsive

export const { Tensor } = ort;

/**
 * @param {string} name of the file, relative to this page
 * @param {string} what it is, for messages
 * @returns {Promise<(inputs: Object<string, Tensor>) => Promise<Object<string, Tensor>>>}
 */
export async function loadNetwork(name, what) {
  const content = new Uint8Array(await (await fetchFile(name, what)).arrayBuffer());
  const session = await ort.InferenceSession.create(content).catch((error) => {
    throw new Error(`The ${what} ${name} cannot be run: ${error.message}`);
  });
  return (inputs) => session.run(inputs);
}
