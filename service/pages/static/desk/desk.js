// The coding desk: an Episode is coded, and the verdict follows.

import { request } from "../api.js";
import { download } from "../download.js";
import { tell, tellFailure, untell } from "../notices.js";
import { listenForAbout, showAbout } from "./about.js";
import { keepDraft, keptDraft, watchDraft } from "./draft.js";
import { Episode } from "./episode.js";
import * as files from "./files.js";
import { showLeftovers } from "./leftovers.js";
import { showMistakes } from "./mistakes.js";
import { ask, askSoon, listenForLinks, posted, showPanel } from "./panel.js";
import * as questions from "./questions.js";
import { suggest } from "./suggestions.js";

const part = (id) => document.getElementById(id);
const known = new Set(questions.asked);
const rulebooks = part("rulebook");
let keeps = true;
let attempt = null;

const desk = {
  episode: new Episode(),
  before: null,
  best: null,

  get rulebook() {
    return rulebooks.value;
  },

  /** Something was typed: keep it, and ask what follows. */
  changed() {
    attempt = null;
    keep();
    showProgress();
    askSoon(desk);
  },

  removed(indicator, undo) {
    redraw(indicator);
    desk.changed();
    const back = () => {
      undo();
      show();
      desk.changed();
    };
    tell("The claim was removed.", [{ name: "Undo", run: back }]);
  },

  judged({ contested, best }) {
    desk.best = best;
    showMistakes([], desk.episode);
    questions.markContested(contested);
  },

  refused(mistakes) {
    showMistakes(mistakes, desk.episode);
  },

  failed: tellFailure,
  showVerdict: showPanel,
};

function keep() {
  const kept = keepDraft(desk.episode, desk.before, desk.rulebook);
  if (keeps && !kept) {
    tell("This browser keeps no draft. Download the Episode before you leave.", [], "warn");
  }
  keeps = kept;
}

function redraw(indicator) {
  if (indicator) {
    questions.showQuestion(desk, indicator);
    questions.focusQuestion(questions.questionOf(indicator));
  }
  showLeftovers(desk, known);
}

function show() {
  showAbout(desk);
  questions.showClaims(desk);
  questions.showAsked(desk);
  showLeftovers(desk, known);
  showProgress();
}

function showProgress() {
  suggest(desk.episode);
  const shown = questions.shown();
  const answered = desk.episode.answered(shown);
  part("back").hidden = desk.before === null;
  part("progress").textContent = `${answered} of ${shown.length} answered`;
}

/** Work on another Episode; one can go back to what was there before. */
function take(content, message) {
  if (!desk.episode.isBlank) desk.before = desk.episode.content;
  desk.episode = new Episode(content);
  show();
  desk.changed();
  tell(message, desk.before ? [{ name: "Bring back what was here", run: takeBack }] : []);
}

function takeBack() {
  const content = desk.before;
  desk.before = null;
  take(content, "It is back.");
}

/** Load an Episode from somewhere and work on it; a failure leaves all as it was. */
async function open(load, message) {
  try {
    take(await load(), message);
  } catch (error) {
    if (error instanceof files.NoEpisode) tell(error.message, [], "bad");
    else tellFailure(error, () => open(load, message));
  }
}

function openFile(file) {
  if (file) open(() => fileContent(file), `Opened ${file.name}.`);
}

function fileContent(file) {
  return files.fromFile(file, desk.rulebook, Number(part("file").dataset.limit));
}

function openCase(name) {
  open(() => files.fromCase(name), "Opened the shipped case.");
}

async function save() {
  if (!(await ask(desk))) {
    (document.querySelector("#mistakes button") ?? part("panel-body")).focus();
    if (!desk.episode.content.form) tell("Choose the form of the action first.", [], "warn");
    return;
  }
  attempt ??= `desk-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  try {
    const address = `/v1/classifications?detail=verdict&rulebook=${encodeURIComponent(desk.rulebook)}`;
    const { headers, ...options } = posted(JSON.stringify(desk.episode));
    const sent = { ...options, headers: { ...headers, "Idempotency-Key": attempt } };
    const stored = await (await request(address, sent)).json();
    const record = { name: "See its record", href: `/classifications/${stored.id}` };
    tell("Saved.", [record], "good");
  } catch (error) {
    tellFailure(error, save);
  }
}

function downloadEpisode() {
  download(files.episodeFile(desk.episode), `${desk.episode.content.id || "episode"}.json`);
}

/** Take a file that is dropped; text that is dragged goes where it is dropped. */
function dragged(event) {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "drop") openFile(event.dataTransfer.files[0]);
}

function listen() {
  listenForAbout(desk);
  questions.listenForKeys(desk);
  listenForLinks({
    question: (indicator) => questions.focusQuestion(questions.questionOf(indicator)),
    evidence: (number) => questions.focusClaim(desk.episode.observations[number - 1]),
  });
  rulebooks.addEventListener("change", () => {
    questions.showAsked(desk);
    desk.changed();
  });
  part("save").addEventListener("click", save);
  part("download").addEventListener("click", downloadEpisode);
  part("back").addEventListener("click", takeBack);
  part("new").addEventListener("click", () => take({}, "A new episode."));
  part("file").addEventListener("change", ({ target }) => {
    openFile(target.files[0]);
    target.value = "";
  });
  part("open-case")?.addEventListener("click", () => openCase(part("case").value));
  for (const kind of ["dragover", "drop"]) addEventListener(kind, dragged);
  addEventListener("beforeunload", (event) => {
    if (!keeps) event.preventDefault();
  });
  watchDraft(() =>
    tell("The desk is open in another tab too. The draft kept is of the tab typed in last.", [], "warn"),
  );
}

/** Begin with the draft, and with what the address asks for. */
function start() {
  const draft = keptDraft();
  if (draft) {
    desk.episode = new Episode(draft.episode);
    desk.before = draft.before;
    if ([...rulebooks.options].some(({ value }) => value === draft.rulebook)) {
      rulebooks.value = draft.rulebook;
    }
  }
  show();
  askSoon(desk);
  const wanted = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  if (wanted.has("case")) openCase(wanted.get("case"));
  else if (wanted.has("record")) open(() => files.fromRecord(wanted.get("record")), "Opened the record.");
  else if (draft && !desk.episode.isBlank) {
    const at = new Date(draft.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const discard = { name: "Discard the draft", run: () => take({}, "The draft was discarded.") };
    tell(`Your draft of ${at} is back.`, [discard]);
  }
}

untell();
listen();
start();
part("desk").hidden = false;
