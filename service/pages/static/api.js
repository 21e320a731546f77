// Every request of a page goes through here: one place for the session's token and for what can
// go wrong on the way.

const TOKEN = 'meta[name="csrf-token"]';

/** The service answered, and the answer is a refusal; `problem` is its RFC 9457 object. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
  }

  /** Whether a key would have helped. */
  get needsKey() {
    return this.status === 401 || this.status === 403;
  }

  get hasStaleToken() {
    return this.status === 403 && this.problem.type?.endsWith(":csrf");
  }
}

/** No answer came, or only a part of one. */
export class Unreachable extends Error {
  constructor(told = "The service cannot be reached. Nothing is lost: try again when it is back.") {
    super(told);
  }
}

/**
 * Send a request to this service and return its response.
 *
 * Raises Refused for an answer that is an error, Unreachable where there is none, and the
 * browser's AbortError where `signal` ended it.
 */
export async function request(address, options = {}) {
  const response = await answered(address, options);
  if (response.ok) return response;
  const refused = new Refused(response.status, await problemOf(response));
  if (!refused.hasStaleToken) throw refused;
  await renewToken();
  const again = await answered(address, options);
  if (!again.ok) throw new Refused(again.status, await problemOf(again));
  return again;
}

/** A key was entered in another tab since this page was loaded: take the token of that session. */
async function renewToken() {
  const page = await (await answered("/key")).text();
  const fresh = new DOMParser().parseFromString(page, "text/html").querySelector(TOKEN);
  document.querySelector(TOKEN)?.remove();
  if (fresh) document.head.append(fresh);
}

async function answered(address, { headers = {}, ...options } = {}) {
  try {
    const sent = { ...headers, ...token(options.method) };
    return await fetch(address, { ...options, headers: sent, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}

/** A session by cookie proves with this that the request comes from a page of the service. */
function token(method = "GET") {
  const value = document.querySelector(TOKEN)?.content;
  return value && method !== "GET" ? { "X-CSRF-Token": value } : {};
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { detail: `The service answered with an error (${response.status}).`, errors: [] };
  }
}
