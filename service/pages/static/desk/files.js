// Episodes that come from a file, a shipped case or a stored record, and the file that goes out.

import { request } from "../api.js";
import { judgement } from "./panel.js";
import { workable } from "./episode.js";

/** A document that the desk cannot work on; the message says why. */
export class NoEpisode extends Error {}

/**
 * Read a file as an Episode; raises NoEpisode. The service reads it first, since it sees what
 * the browser's own reader passes over, such as a key that stands twice.
 */
export async function fromFile(file, rulebook, limit) {
  if (file.size > limit) {
    throw new NoEpisode(`${file.name} is larger than the service takes; is it an Episode?`);
  }
  const text = await file.text();
  const { mistakes } = await judgement(text, rulebook);
  const parsed = parsedOf(text);
  const unreadable = mistakes.find(({ code }) => code === "json" || code === "duplicate");
  if (unreadable || !workable(parsed)) {
    const why = (unreadable ?? mistakes[0])?.detail ?? "it is no Episode";
    throw new NoEpisode(`${file.name} was not opened: ${why}.`);
  }
  return parsed;
}

function parsedOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Return the Episode of a shipped case, `RULEBOOK/CASE`. */
export async function fromCase(name) {
  return (await request(`/code/cases/${name}`)).json();
}

/** Return the Episode of a stored classification. */
export async function fromRecord(id) {
  const response = await request(`/v1/classifications/${encodeURIComponent(id)}?detail=verdict`);
  return (await response.json()).episode;
}

export function episodeFile(episode) {
  return new Blob([`${JSON.stringify(episode, null, 2)}\n`], { type: "application/json" });
}
