// Keeps the site for use without network. The build writes VERSION, FIRST and LATER above:
// a hash of all files, the files kept on the first load, and those kept on their first use.

const PREFIX = `wingkeras ${self.registration.scope} `;
const CACHE = PREFIX + VERSION;
const address = (name) => new URL(name, self.registration.scope).href;
const KEPT = new Set([...FIRST, ...LATER].map(address));

self.addEventListener("install", (event) => {
  // "no-cache": the server is asked whether what the browser's own cache holds is current.
  const requests = FIRST.map((name) => new Request(address(name), { cache: "no-cache" }));
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const page = event.request.url.split(/[?#]/)[0];
  const url = page === self.registration.scope ? address("index.html") : page;
  if (event.request.method === "GET" && KEPT.has(url)) event.respondWith(answer(url, event.request));
});

async function answer(url, request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(url, response.clone());
  return response;
}
