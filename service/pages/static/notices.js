// What a page tells at its edge: one message at a time, with what can be done about it.

const LINGER = 8000;
let timer;
const place = document.querySelector("#notice");
const text = place.querySelector("[data-text]");
const actions = place.querySelector("[data-actions]");

/**
 * Show a message. `offered` is a list of `{name, href}` for links and `{name, run}` for buttons;
 * the message goes once a button was used.
 */
export function tell(message, offered = [], kind = "") {
  place.className = `notice toast ${kind ? `notice--${kind}` : ""}`;
  text.textContent = message;
  actions.replaceChildren(...offered.map(action), action({ name: "Close", run: () => {} }));
  place.hidden = false;
  clearTimeout(timer);
  if (!offered.length && !kind) timer = setTimeout(untell, LINGER);
}

export function untell() {
  place.hidden = true;
}

function action({ name, href, run }) {
  const made = document.createElement(href ? "a" : "button");
  made.textContent = name;
  made.className = "button";
  if (href) {
    made.href = href;
    if (href.startsWith("/key")) made.target = "_blank";
  } else {
    made.type = "button";
    made.addEventListener("click", () => {
      untell();
      run();
    });
  }
  return made;
}

/** Tell what kept the service from answering; `again` tries once more. */
export function tellFailure(error, again) {
  const retry = { name: "Try again", run: again };
  if (error.needsKey) {
    const remedy = { name: "Enter a key (new tab)", href: "/key?next=/key" };
    const told = error.status === 401 ? "This service asks for a key." : error.message;
    tell(`${told} Nothing is lost.`, [remedy, retry], "warn");
  } else {
    tell(error.message, [retry], "bad");
  }
}
