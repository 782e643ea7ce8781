// Files of this site, and what to say of one that is missing.

/**
 * @param {string} name relative to this page
 * @param {string} what it is, for the message
 * @returns {Promise<Response>}
 */
export async function fetchFile(name, what) {
  let response;
  try {
    response = await fetch(new URL(name, import.meta.url));
  } catch {
    throw new Error(`The ${what} ${name} cannot be reached: the network or the server is away.`);
  }
  if (!response.ok) {
    throw new Error(`The ${what} ${name} is missing from this site (${response.status}).`);
  }
  return response;
}
