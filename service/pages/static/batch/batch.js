// The batch page: a file goes to the service, and what comes back is shown as it comes.

import { request } from "../api.js";
import { download } from "../download.js";
import { tellFailure, untell } from "../notices.js";
import { answersTo, kindOf } from "./answers.js";
import { Collected } from "./collected.js";
import { countLines, Rows } from "./rows.js";
import { showCounts, showProgress, showReject, showResult } from "./showing.js";

const part = (id) => document.getElementById(id);
const limit = Number(part("batch").dataset.limit);
const MEGABYTE = 1024 * 1024;
/** As much of a sheet as its header may take. */
const HEADER_BYTES = 64 * 1024;
const COUNTED = ["No column is an indicator, so nothing is known of the episodes", "1 column is an indicator"];
const COMMAND = "softbalance classify reads it on the command line.";

let file;
let sheet;
let running;
let collected;

function show(...ids) {
  for (const id of ["drop", "chosen", "running", "result", "rejects"]) part(id).hidden = !ids.includes(id);
}

/** Take a file, and tell how it would be read; `go` stays off if it cannot be. */
async function choose(given) {
  if (!given) return;
  file = given;
  untell();
  part("name").textContent = file.name;
  part("size").textContent = sizeOf(file.size);
  part("go").disabled = true;
  show("chosen");
  try {
    const { mistake, told } = await looked(file);
    part("header").textContent = mistake ?? told;
    part("header").className = mistake ? "mistake" : "small soft";
    part("go").disabled = Boolean(mistake);
    part(mistake ? "other" : "go").focus();
  } catch (error) {
    tellFailure(error, () => choose(given));
  }
}

function sizeOf(bytes) {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

async function looked(given) {
  sheet = null;
  const kind = kindOf(given);
  if (!kind) return { mistake: `This page takes .csv, .ndjson and .jsonl. If ${given.name} is a table, ${COMMAND}` };
  if (given.size > limit) return { mistake: `It is larger than this page takes. ${COMMAND}` };
  if (given.size === 0) return { mistake: "The file is empty. Choose one that holds episodes." };
  if (kind !== "text/csv") return { told: "An Episode a line." };
  return lookedAtHeader(given);
}

async function lookedAtHeader(given) {
  const body = given.slice(0, HEADER_BYTES);
  const headers = { "Content-Type": "text/plain", Accept: "application/json" };
  const found = await (await request("/batch/header", { method: "POST", body, headers })).json();
  if (found.mistake) {
    const long = found.mistake.includes("long layout") ? ` ${COMMAND}` : "";
    return { mistake: `${found.mistake}.${long}` };
  }
  const names = found.names.map((name) => name.trim().toLowerCase());
  const own = found.own.map((place) => ({ place, name: found.names[place] }));
  sheet = { names, delimiter: found.delimiter, own };
  const passed = own.slice(0, 12).map(({ name }) => name).join(", ");
  const columns = COUNTED[found.indicators] ?? `${found.indicators} columns are indicators`;
  return { told: `${columns}.${passed ? ` Your own columns pass through: ${passed}.` : ""}` };
}

/** The names of the tests and explanations of the rulebook that is chosen. */
function factsOf({ selectedOptions: [{ dataset }] }) {
  const names = (text) => text.split(" ").filter(Boolean);
  return { tests: names(dataset.tests), explanations: names(dataset.explanations) };
}

async function run() {
  running = new AbortController();
  const { signal } = running;
  show("running");
  part("running-title").focus();
  const begun = performance.now();
  collected = new Collected(factsOf(part("rulebook")), new Rows(file, sheet), sheet?.own ?? [], showReject);
  part("rejects").querySelector("tbody").replaceChildren();
  part("announcer").textContent = `Classifying ${file.name}.`;
  let ending = "";
  try {
    showProgress(collected, 0, 0);
    const lines = await countLines(file, signal);
    for await (const answered of answersTo(file, part("rulebook").value, signal)) {
      if (answered) await collected.add(answered.text, answered.answer);
      else showProgress(collected, lines, (performance.now() - begun) / 1000);
    }
  } catch (error) {
    ending = error.name === "AbortError" ? "Cancelled" : "Cut off";
    if (error.name !== "AbortError") tellFailure(error, run);
  }
  if (ending && !collected.answered) show("chosen");
  else finish(ending, (performance.now() - begun) / 1000);
}

function finish(ending, seconds) {
  show("result", ...(collected.rejected ? ["rejects"] : []));
  showResult(collected, ending, seconds);
  showCounts(collected);
  part("decided").textContent = `${file.name} by ${part("rulebook").value}`;
  part("save-rejects").hidden = !collected.rejected;
  part("result-title").focus();
}

function name(ending) {
  return `${file.name.replace(/\.[^.]*$/, "")}.${ending}`;
}

function listen() {
  const restart = () => {
    show("drop");
    part("file").focus();
  };
  part("file").addEventListener("change", ({ target }) => {
    choose(target.files[0]);
    target.value = "";
  });
  part("go").addEventListener("click", run);
  part("other").addEventListener("click", restart);
  part("again").addEventListener("click", restart);
  part("cancel").addEventListener("click", () => running.abort());
  part("save-csv").addEventListener("click", () => download(collected.csv.blob(), name("verdicts.csv")));
  part("save-ndjson").addEventListener("click", () => download(collected.ndjson.blob(), name("verdicts.ndjson")));
  part("save-rejects").addEventListener("click", () => download(collected.rejects.blob(), name("rejects.csv")));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    part("drop").classList.add("over");
  });
  addEventListener("dragleave", () => part("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    part("drop").classList.remove("over");
    if (part("running").hidden) choose(event.dataTransfer.files[0]);
  });
}

listen();
part("batch").hidden = false;
