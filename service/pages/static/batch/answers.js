// The answers to a batch, taken from the service line by line as they come.

import { request, Unreachable } from "../api.js";

/** Content types that the service takes, by the ending of a file's name. */
export const KINDS = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
};

export function kindOf(file) {
  return KINDS[file.name.split(".").pop().toLowerCase()] ?? null;
}

/** Send a file; yield the lines of the answer, and null whenever there is time to show them. */
export async function* answersTo(file, rulebook, signal) {
  const response = await request(`/v1/batches?rulebook=${encodeURIComponent(rulebook)}`, {
    method: "POST",
    headers: { "Content-Type": kindOf(file), Accept: "application/x-ndjson, application/json" },
    body: file,
    signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await readOn(reader);
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const text of parts) yield lineOf(text);
    yield null;
  }
}

async function readOn(reader) {
  try {
    return await reader.read();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("The connection broke before the end. What was answered is below.");
  }
}

/** Return a line with its JSON; the service ends an answer that it cannot go on with in a 5xx. */
function lineOf(text) {
  const answer = JSON.parse(text);
  if (answer.error?.status >= 500) throw new Unreachable(answer.error.detail);
  return { text, answer };
}
