// Mistakes that the service found, each shown beside the field that it is about.

import { SHORTHAND, CLAIM_FIELDS } from "./episode.js";
import { questionOf } from "./questions.js";

const list = document.querySelector("#mistakes");
let made = 0;

/** Show mistakes, `{pointer, detail}` each, in the place of those shown before. */
export function showMistakes(mistakes, episode) {
  clear();
  const items = mistakes.map((mistake) => {
    const field = fieldOf(mistake.pointer, episode);
    if (field) mark(field, mistake.detail);
    return told(mistake, field);
  });
  list.querySelector("ul").replaceChildren(...items);
  list.hidden = items.length === 0;
}

function clear() {
  for (const message of document.querySelectorAll(".mistake")) message.remove();
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

function mark(field, detail) {
  made += 1;
  const message = document.createElement("p");
  message.className = "mistake";
  message.id = `mistake-${made}`;
  message.textContent = detail;
  const place = field.closest("label, .answer, .leftover") ?? field;
  place.after(message);
  const details = field.closest("details");
  if (details) details.open = true;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", message.id);
}

function told({ pointer, detail }, field) {
  const item = document.createElement("li");
  if (!field) {
    item.textContent = `${pointer || "The whole"}: ${detail}`;
    return item;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = detail;
  button.addEventListener("click", () => field.focus());
  item.append(button);
  return item;
}

/** Return the field that a pointer (RFC 6901) into the Episode leads to, if it is on the page. */
function fieldOf(pointer, episode) {
  const [first, second, ...rest] = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (first === "indicators") return answerOf(rowOf(second, SHORTHAND));
  if (first !== "observations") {
    const name = first === "period" ? `period/${second ?? "start"}` : first;
    return document.querySelector(`[data-about="${CSS.escape(name ?? "")}"]`);
  }
  const claim = episode.observations[Number(second)];
  if (!claim) return null;
  const row = rowOf(claim.indicator, claim);
  if (!row) return leftoverOf(claim);
  const name = Object.keys(CLAIM_FIELDS).find((key) => CLAIM_FIELDS[key].join() === rest.join());
  return name ? row.querySelector(`[data-field="${name}"]`) : answerOf(row);
}

function rowOf(indicator, claim) {
  const rows = questionOf(indicator)?.querySelectorAll(".claim") ?? [];
  return [...rows].find((row) => row.claim === claim);
}

function leftoverOf(claim) {
  return [...document.querySelectorAll(".leftover")].find((one) => one.claim === claim);
}

function answerOf(row) {
  return row?.querySelector(":checked") ?? row?.querySelector('[type="radio"]');
}
