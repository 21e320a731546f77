// The questions of the sheet: their claims, and the keys that work while one has the focus.

import { claimRow } from "./claims.js";
import { SHORTHAND } from "./episode.js";

const questions = [...document.querySelectorAll(".question")];

/** The indicators asked, in the order of the sheet. */
export const asked = questions.map((question) => question.dataset.indicator);

/** The indicators whose questions are shown. */
export function shown() {
  return questions.filter(({ hidden }) => !hidden).map(({ dataset }) => dataset.indicator);
}

export function questionOf(indicator) {
  return questions[asked.indexOf(indicator)];
}

/** Show the claims of every question anew. */
export function showClaims(desk) {
  for (const indicator of asked) showQuestion(desk, indicator);
}

export function showQuestion(desk, indicator) {
  const claims = desk.episode.claims(indicator);
  const rows = claims.map((claim, place) =>
    claimRow(desk, indicator, claim, { number: place + 1, count: claims.length }),
  );
  questionOf(indicator).querySelector(".claims").replaceChildren(...rows);
}

/** Mark the questions on which sources disagree. */
export function markContested(contested) {
  for (const question of questions) {
    question.querySelector(".contested").hidden = !contested.includes(question.dataset.indicator);
  }
}

/** Give the focus to a question: to the answer of its first claim. */
export function focusQuestion(question) {
  focusAnswer(question.querySelector(".claim"));
  question.scrollIntoView({ block: "nearest" });
}

/** Give the focus to a claim, with its source open to be read. */
export function focusClaim(claim) {
  const row = [...document.querySelectorAll(".claim")].find((one) => one.claim === claim);
  row.querySelector(".source").open = true;
  focusAnswer(row);
}

function focusAnswer(row) {
  (row.querySelector(":checked") ?? row.querySelector('[type="radio"]')).focus();
}

/** Let the keys work. `desk` is told of answers by the radio buttons' own events. */
export function listenForKeys(desk) {
  for (const question of questions) {
    question.addEventListener("keydown", (event) => pressed(desk, question, event));
    question.querySelector(".add").addEventListener("click", () => addClaim(desk, question));
  }
}

function addClaim(desk, question) {
  const { indicator } = question.dataset;
  const only = desk.episode.claims(indicator);
  const isEmpty = only.length === 1 && only[0] === SHORTHAND;
  if (!isEmpty || desk.episode.value(indicator, SHORTHAND) !== "unknown") {
    desk.episode.add({ indicator, value: "unknown" });
    desk.changed();
    showQuestion(desk, indicator);
  }
  focusAnswer(question.querySelector(".claim:last-child"));
}

const ANSWERS = { y: "yes", n: "no", u: "unknown" };

/** Show the questions that a rulebook reads, and those that are answered all the same. */
export function showAsked(desk) {
  for (const question of questions) {
    const { indicator, readBy } = question.dataset;
    const isRead = readBy.split(" ").includes(desk.rulebook);
    question.hidden = !isRead && desk.episode.claims(indicator).every(
      (claim) => desk.episode.value(indicator, claim) === "unknown",
    );
  }
  for (const group of document.querySelectorAll(".group")) {
    group.hidden = !group.querySelector(".question:not([hidden])");
  }
}
const isTyping = (target) =>
  target.matches("textarea, select, input:not([type='radio'], [type='checkbox'])");

function pressed(desk, question, event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") focusAnswer(event.target.closest(".claim"));
    return;
  }
  const run = command(desk, question, event);
  if (!run) return;
  event.preventDefault();
  run();
}

function command(desk, question, { key, target }) {
  const row = target.closest(".claim") ?? question.querySelector(".claim");
  const value = answerOf(question, key);
  if (value) return () => answer(row, value);
  const open = questions.filter(({ hidden }) => !hidden);
  const place = open.indexOf(question);
  const go = (to) => to && (() => focusQuestion(to));
  switch (key) {
    case "Enter":
      return target.type === "radio" && go(open[place + 1]);
    case "j":
      return go(open[place + 1]);
    case "k":
      return go(open[place - 1]);
    case "b":
      return go(questionOf(desk.best));
    case "a":
      return () => addClaim(desk, question);
    case "s":
      return () => openSource(row);
    case "h":
      return () => question.querySelector(".help").toggleAttribute("open");
    case "v":
      return () => desk.showVerdict();
    default:
      return null;
  }
}

/** Return the answer that a key gives: a letter, or on a scale the number of a value. */
function answerOf(question, key) {
  const { values } = question.dataset;
  if (values && key !== "u") return /^[1-9]$/.test(key) && values.split(" ")[key - 1];
  return Object.hasOwn(ANSWERS, key) && ANSWERS[key];
}

function answer(row, value) {
  const radio = row.querySelector(`[value="${value}"]`);
  radio.focus();
  if (!radio.checked) radio.click();
}

function openSource(row) {
  row.querySelector(".source").open = true;
  row.querySelector("[data-field]").focus();
}
