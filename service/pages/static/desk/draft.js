// The draft: what was typed, kept in the browser until it is discarded.

const KEY = "softbalance.draft";

/**
 * Keep an Episode, what was worked on before it (or null), and the choice of rulebook; return
 * whether this browser does.
 */
export function keepDraft(episode, before, rulebook) {
  try {
    if (episode.isBlank && !before) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ episode, before, rulebook, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

/** Return what was kept, `{episode, before, rulebook, at}`, or null. */
export function keptDraft() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

/** Call `changed` when another tab keeps a draft in the place of this one's. */
export function watchDraft(changed) {
  addEventListener("storage", (event) => {
    if (event.key === KEY && event.newValue !== null) changed();
  });
}
