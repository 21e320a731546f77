// What is said of the episode as a whole: title, form, actors and so on.

import { putText, textAt } from "./episode.js";

const fields = [...document.querySelectorAll("[data-about]")];
const strategies = [...document.querySelectorAll("[data-strategy-of]")];

/** Show the fields of an episode. */
export function showAbout(desk) {
  for (const field of fields) field.value = textOf(desk.episode.content, field.dataset.about);
  showStrategy(desk.episode.content.form);
}

function textOf(content, name) {
  return name === "actors" ? (content.actors ?? []).join("; ") : textAt(content, name.split("/"));
}

function put(content, name, text) {
  if (name !== "actors") {
    putText(content, name.split("/"), text);
    return;
  }
  const actors = text.split(";").map((part) => part.trim()).filter(Boolean);
  if (actors.length) content.actors = actors;
  else delete content.actors;
}

function showStrategy(form) {
  for (const told of strategies) told.hidden = told.dataset.strategyOf !== form;
}

/** Take over what is typed. */
export function listenForAbout(desk) {
  for (const field of fields) {
    field.addEventListener("input", () => {
      put(desk.episode.content, field.dataset.about, field.value);
      if (field.dataset.about === "form") showStrategy(field.value);
      desk.changed();
    });
  }
}
