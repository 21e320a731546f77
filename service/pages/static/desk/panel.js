// The panel beside the sheet: the verdict on what has been coded so far, as the service sees it.

import { request } from "../api.js";

const PAUSE = 250;
const place = document.querySelector("#verdict");
const brief = document.querySelector("#brief");
const announcer = document.querySelector("#announcer");
const bar = document.querySelector("#panel-bar");
const body = document.querySelector("#panel-body");
const hint = place.cloneNode(true);
const opened = new Set();
let timer;
let pending;

/** Ask for the verdict once a person pauses; `desk` is told with `judged`, `refused` or `failed`. */
export function askSoon(desk) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(desk), PAUSE);
}

/** Ask now; return whether there is a verdict. */
export async function ask(desk) {
  clearTimeout(timer);
  pending?.abort();
  const { signal } = (pending = new AbortController());
  if (!desk.episode.content.form) {
    show([...hint.cloneNode(true).childNodes], "No verdict yet");
    desk.judged({ contested: [], best: null });
    return false;
  }
  try {
    const found = await judgement(JSON.stringify(desk.episode), desk.rulebook, signal);
    if (found.mistakes.length) {
      place.dataset.stale = "";
      desk.refused(found.mistakes);
      return false;
    }
    showFragment(found);
    desk.judged(found);
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    place.dataset.stale = "";
    desk.failed(error, () => ask(desk));
    return false;
  }
}

/**
 * Let the service judge an Episode's text: `{mistakes, html, said, contested, best}`, the last four
 * only where there are no mistakes.
 */
export async function judgement(text, rulebook, signal) {
  const address = `/code/verdict?rulebook=${encodeURIComponent(rulebook)}`;
  return (await request(address, { ...posted(text), signal })).json();
}

/** The request that sends an Episode's text. */
export function posted(text) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return { method: "POST", body: text, headers };
}

function showFragment({ html, said }) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const focused = place.contains(document.activeElement) && document.activeElement.id;
  show([...parsed.body.childNodes], said);
  for (const details of place.querySelectorAll("[data-kept]")) {
    details.open = opened.has(details.id);
    details.addEventListener("toggle", () => {
      opened[details.open ? "add" : "delete"](details.id);
    });
  }
  if (focused) document.getElementById(focused)?.focus();
}

function show(nodes, said) {
  delete place.dataset.stale;
  place.replaceChildren(...nodes);
  if (brief.textContent === said) return;
  brief.textContent = said;
  announcer.textContent = said;
}

/** Bring the panel into view and give it the focus. */
export function showPanel() {
  toggle(true);
  body.focus();
}

function toggle(open) {
  bar.setAttribute("aria-expanded", String(open));
  body.classList.toggle("open", open);
}

bar.addEventListener("click", () => toggle(bar.getAttribute("aria-expanded") !== "true"));
body.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || bar.offsetParent === null) return;
  toggle(false);
  bar.focus();
});

/** Let links to questions give them the focus, and those to evidence its claim. */
export function listenForLinks({ question, evidence }) {
  body.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-question], a[href^='#evidence-']");
    if (!link) return;
    event.preventDefault();
    toggle(false);
    if (link.dataset.question) question(link.dataset.question);
    else evidence(Number(link.hash.slice("#evidence-".length)));
  });
}
