// How the progress and the outcome of a batch are shown.

const MOST_SHOWN = 100;
const part = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("en");
const counted = (number, things) => `${count(number)} ${number === 1 ? things.slice(0, -1) : things}`;

/** Show how far it is: the line answered last, of `lines`, and how quickly that goes. */
export function showProgress(collected, lines, seconds) {
  const bar = part("progress");
  if (!collected.answered) {
    bar.removeAttribute("value");
    part("pace").textContent = "The file is being sent.";
    return;
  }
  bar.max = lines;
  bar.value = collected.last;
  const pace = Math.round(collected.answered / seconds);
  part("pace").textContent =
    `${count(collected.last)} of ${counted(lines, "lines")} · ${count(pace)} a second · ` +
    `${count(collected.rejected)} rejected`;
}

/** Say in a sentence what it came to; `ending` is how it ended before its end, if it did. */
export function showResult(collected, ending, seconds) {
  const early = ending ? `${ending} after line ${count(collected.last)}. ` : "";
  const good = collected.answered - collected.rejected;
  const bad = collected.rejected ? `, ${counted(collected.rejected, "rows")} rejected` : "";
  const told = `${early}${counted(good, "episodes")} classified${bad}, in ${seconds.toFixed(1)} s.`;
  part("outcome").textContent = told;
  part("announcer").textContent = told;
}

/** Show how many episodes each class has; the longest bar is the most frequent class. */
export function showCounts({ classes }) {
  const most = Math.max(1, ...classes.values());
  for (const row of part("classes").querySelectorAll("[data-class]")) {
    const number = classes.get(row.dataset.class) ?? 0;
    row.querySelector("[data-count]").textContent = count(number);
    row.querySelector(".chart__bar rect").setAttribute("width", `${(100 * number) / most}%`);
  }
}

/** Show a mistake in a row; after the first hundred they are in the file only. */
export function showReject(told, number) {
  const place = part("rejects").querySelector("tbody");
  if (number > MOST_SHOWN) {
    part("rejects-told").textContent =
      `The first ${MOST_SHOWN} mistakes are shown; all are in the rejects file, each with its row.`;
    return;
  }
  part("rejects-told").textContent =
    "These rows have no verdict. The rejects file has each of them whole, to be put right and sent again.";
  const row = document.createElement("tr");
  for (const [name, key] of Object.entries(SHOWN)) {
    const cell = document.createElement("td");
    cell.dataset.name = name;
    cell.textContent = shortened(String(told[key]));
    row.append(cell);
  }
  place.append(row);
}

const SHOWN = { Line: "line", Id: "id", Column: "column", Value: "value", "What is wrong": "message" };

const shortened = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);
