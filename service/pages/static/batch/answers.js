// The answers to a batch, taken from the service line by line as they come.

import { request } from "../api.js";

/** Content types that the service takes, by the ending of a file's name. */
export const KINDS = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
};

export function kindOf(file) {
  return KINDS[file.name.split(".").pop().toLowerCase()] ?? null;
}

/** Send a file; yield the parts of the answer, each a list of lines with their JSON. */
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
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    if (parts.length) yield parts.map((text) => ({ text, answer: JSON.parse(text) }));
  }
}
