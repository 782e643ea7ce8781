// What the service worker keeps for use without network, in words.

const worker = navigator.serviceWorker; // undefined without https
const before = worker?.controller;
const isNewer = () => before && worker.controller !== before;

/** @param {HTMLElement} line to write it to */
export async function keepForOfflineUse(line) {
  if (!worker) {
    line.textContent = "Not kept for offline use: that needs https, or localhost.";
    return;
  }
  const say = async () => {
    const kept = await describeKept();
    // Asked last: the worker may have changed in the meantime.
    line.textContent = isNewer() ? "A newer version of this page is ready: reload it." : kept;
  };
  worker.addEventListener("controllerchange", say);
  try {
    const registration = await worker.register(new URL("service_worker.js", import.meta.url));
    registration.installing?.addEventListener("statechange", ({ target }) => {
      if (target.state === "redundant" && !registration.active) {
        line.textContent = "Not kept for offline use: a file of this site is missing.";
      }
    });
    await worker.ready;
    await say();
  } catch (error) {
    line.textContent = `Not kept for offline use: ${error.message}`;
  }
}

async function describeKept() {
  const { scope } = await worker.ready;
  const names = (await caches.keys()).filter((name) => name.startsWith(`wingkeras ${scope} `));
  const requests = (await Promise.all(names.map(requestsIn))).flat();
  const models = requests.map(({ url }) => url.match(/models\/([^/]+)\.onnx$/)?.[1]).filter(Boolean);
  return (
    `Works offline: the page, ONNX Runtime, the face detector and ${[...new Set(models)].join(", ")} ` +
    "are kept in this browser. Other models are kept once used."
  );
}

/** `caches.open` would make a cache anew that a newer worker has deleted. */
async function requestsIn(name) {
  return (await caches.has(name)) ? (await caches.open(name)).keys() : [];
}
