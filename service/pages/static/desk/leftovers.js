// Claims of an opened file about indicators that the sheet does not ask about.

const section = document.querySelector("#leftovers");
const list = section.querySelector("ul");

export function showLeftovers(desk, known) {
  const strangers = desk.episode.strangers(known);
  section.hidden = strangers.length === 0;
  list.replaceChildren(...strangers.map((claim) => leftover(desk, claim)));
}

function leftover(desk, claim) {
  const item = document.createElement("li");
  const text = document.createElement("pre");
  text.className = "leftover";
  text.tabIndex = 0;
  text.claim = claim;
  text.textContent = JSON.stringify(claim, null, 2);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Remove this claim";
  button.addEventListener("click", () => {
    desk.removed(null, desk.episode.remove(claim.indicator, claim));
  });
  item.append(text, button);
  return item;
}
