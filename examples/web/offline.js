// What the service worker keeps for use without network, in words.

/** @param {HTMLElement} line to write it to */
export async function keepForOfflineUse(line) {
  if (!navigator.serviceWorker) {
    line.textContent = "Not kept for offline use: that needs https, or localhost.";
    return;
  }
  const wasKept = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (wasKept) line.textContent = "A newer version of this site is kept now: load the page again.";
  });
  try {
    await navigator.serviceWorker.register(new URL("service_worker.js", import.meta.url));
    await navigator.serviceWorker.ready;
    line.textContent = await describeKept();
  } catch (error) {
    line.textContent = `Not kept for offline use: ${error.message}`;
  }
}

async function describeKept() {
  const { scope } = await navigator.serviceWorker.ready;
  const names = (await caches.keys()).filter((name) => name.startsWith(`wingkeras ${scope} `));
  const cache = await caches.open(names.at(-1));
  const responses = await cache.matchAll();
  const blobs = await Promise.all(responses.map((response) => response.blob()));
  const megabytes = blobs.reduce((sum, { size }) => sum + size, 0) / 1e6;
  const models = responses.map(({ url }) => url.match(/models\/([^/]+)\.onnx$/)?.[1]);
  return (
    `Works offline: the page, ONNX Runtime, the face detector and ${models.filter(Boolean).join(", ")} ` +
    `are kept in this browser, ${megabytes.toFixed(1)} MB. Other models are kept once used.`
  );
}
