// The claims under a question: an answer each, and where it stands.

import { CLAIM_FIELDS, SHORTHAND, putText, textAt } from "./episode.js";

const template = document.querySelector("#claim");
let made = 0;

/**
 * Make the row of a claim. `desk` has the episode, and is told with `changed()` of each edit and
 * with `removed(question, undo)` of a claim taken away.
 */
export function claimRow(desk, indicator, claim, { number, count }) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.claim = claim;
  made += 1;
  const { values, levels } = document.querySelector(`#q-${indicator}`).dataset;
  if (values) offerScale(row, values.split(" "));
  nameAnswer(row, number, count);
  fillAnswer(row, levelOf(desk.episode.value(indicator, claim), values, levels));
  fillFields(row, claim);
  row.querySelector(".remove").hidden = claim === SHORTHAND && count === 1;
  listen(row, desk, indicator);
  return row;
}

/** Put the values of a scale, lowest first, in the place of yes and no. */
function offerScale(row, values) {
  const [yes, no] = row.querySelectorAll(".choice");
  no.remove();
  const choices = values.map((value, place) => {
    const choice = yes.cloneNode(true);
    choice.className = "choice choice--scale";
    choice.querySelector("input").value = value;
    choice.querySelector("span").textContent = value.replaceAll("_", " ");
    choice.querySelector("kbd").textContent = place + 1;
    choice.querySelector("svg")?.remove();
    return choice;
  });
  yes.replaceWith(...choices);
}

/** Return a coded value, or the level that a number comes up to. */
function levelOf(value, values, levels) {
  if (typeof value !== "number" || !levels) return value;
  const bounds = levels.split(" ").map(Number);
  return values.split(" ")[bounds.filter((bound) => bound <= value).length - 1];
}

function nameAnswer(row, number, count) {
  const name = count > 1 ? `Claim ${number} of ${count}` : "Answer";
  row.setAttribute("aria-label", name);
  row.querySelector(".claim-number").textContent = count > 1 ? name : "";
  for (const radio of row.querySelectorAll('[type="radio"]')) radio.name = `answer-${made}`;
}

function fillAnswer(row, value) {
  for (const radio of row.querySelectorAll('[type="radio"]')) {
    radio.checked = radio.value === value;
    if (radio.value === "contested") radio.closest("label").hidden = value !== "contested";
  }
}

function fillFields(row, claim) {
  for (const field of row.querySelectorAll("[data-field]")) {
    field.value = claim === SHORTHAND ? "" : textAt(claim, CLAIM_FIELDS[field.dataset.field]);
  }
  sayWhere(row);
}

/** Say beside the closed fields what stands in them. */
function sayWhere(row) {
  const said = ["citation", "locator", "note"]
    .map((name) => row.querySelector(`[data-field="${name}"]`).value.trim())
    .filter(Boolean);
  row.querySelector(".where").textContent = said.join(" · ") || "none yet";
}

function listen(row, desk, indicator) {
  row.addEventListener("change", ({ target }) => {
    if (target.type !== "radio") return;
    desk.episode.setValue(indicator, row.claim, target.value);
    desk.changed();
  });
  row.addEventListener("input", ({ target }) => {
    if (!target.dataset.field) return;
    if (row.claim === SHORTHAND) {
      if (!target.value) return;
      row.claim = desk.episode.withSource(indicator);
      row.querySelector(".remove").hidden = false;
    }
    putText(row.claim, CLAIM_FIELDS[target.dataset.field], target.value);
    sayWhere(row);
    desk.changed();
  });
  row.querySelector(".remove").addEventListener("click", () => {
    desk.removed(indicator, desk.episode.remove(indicator, row.claim));
  });
}
