// Every request of a page goes through here: one place for the session's token and for what can
// go wrong on the way.

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

  /** The mistakes in what was sent: `{pointer, code, detail}` each. */
  get mistakes() {
    return this.problem.errors ?? [];
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
export async function request(address, { headers = {}, ...options } = {}) {
  const response = await answered(address, {
    ...options,
    headers: { ...headers, ...token(options.method) },
    credentials: "same-origin",
  });
  if (!response.ok) throw new Refused(response.status, await problemOf(response));
  return response;
}

async function answered(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}

/** A session by cookie proves with this that the request comes from a page of the service. */
function token(method = "GET") {
  const value = document.querySelector('meta[name="csrf-token"]')?.content;
  return value && method !== "GET" ? { "X-CSRFToken": value } : {};
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { detail: `The service answered with an error (${response.status}).`, errors: [] };
  }
}
