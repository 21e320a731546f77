// Lights up, in the picture of a proof, what a part rests on and what rests on it, and shows its
// reason. Parts are links: without this script they lead to the same part in the text.
"use strict";

for (const figure of document.querySelectorAll("[data-picture]")) {
  const drawing = figure.querySelector("svg.proof");
  const panel = figure.querySelector(".reasons");
  const nodes = [...drawing.querySelectorAll("[data-node]")];
  const edges = [...drawing.querySelectorAll("[data-from]")];
  let pinned = null;

  const reach = (start, from, to) => {
    const found = new Set([start]);
    for (const name of found) {
      for (const edge of edges) if (edge.dataset[from] === name) found.add(edge.dataset[to]);
    }
    return found;
  };

  const light = (name) => {
    drawing.classList.toggle("is-lit", name !== null);
    const below = name === null ? new Set() : reach(name, "to", "from");
    const above = name === null ? new Set() : reach(name, "from", "to");
    for (const node of nodes) {
      const own = node.dataset.node;
      node.classList.toggle("lit", below.has(own) || above.has(own));
      node.classList.toggle("lit--own", own === name);
    }
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      edge.classList.toggle("lit", (below.has(from) && below.has(to)) || (above.has(from) && above.has(to)));
    }
    for (const reason of panel.querySelectorAll("[data-reason]")) {
      reason.hidden = reason.dataset.reason !== (name ?? "");
    }
  };

  // the reason stands at the bottom of the window and must not cover the part that has the focus
  const bringIntoSight = (node) => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    const seen = left >= 0 && right <= innerWidth && top >= 0 && bottom <= panel.getBoundingClientRect().top;
    if (!seen && node.matches(":focus-visible")) node.scrollIntoView({ block: "center", inline: "center" });
  };

  panel.hidden = false;
  for (const node of nodes) {
    const name = node.dataset.node;
    node.addEventListener("mouseenter", () => light(name));
    node.addEventListener("mouseleave", () => light(pinned));
    node.addEventListener("focus", () => { pinned = name; light(name); bringIntoSight(node); });
    node.addEventListener("click", (event) => { event.preventDefault(); pinned = name; light(name); });
  }
  figure.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { pinned = null; light(null); }
  });
  figure.addEventListener("focusout", (event) => {
    if (!figure.contains(event.relatedTarget)) { pinned = null; light(null); }
  });
}

// what is folded on the screen is unfolded on paper
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) folded.open = true;
});
