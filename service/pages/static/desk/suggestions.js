// What was typed in other claims, offered again: a source is cited many times, by the same coders.

const lists = {
  citations: (claim) => claim.source?.citation,
  coders: (claim) => claim.coder,
};
const shown = {};

export function suggest(episode) {
  for (const [id, said] of Object.entries(lists)) {
    const texts = [...new Set(episode.observations.map(said))].filter(Boolean);
    const key = JSON.stringify(texts);
    if (shown[id] === key) continue;
    shown[id] = key;
    document.getElementById(id).replaceChildren(...texts.map((text) => new Option("", text)));
  }
}
