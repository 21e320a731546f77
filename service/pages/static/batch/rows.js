// The rows of a file by their lines, read along with the answers: never more than a few lines are
// held, however long the file is.

/** Yields the lines of a file as `{text, number}`, numbered from 1. */
async function* linesOf(file) {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let number = 0;
  let end;
  for (;;) {
    const { value, done } = await reader.read();
    // as once on the Macintosh, lines may end in CR alone
    end ??= value && (value.includes("\r") && !value.includes("\n") ? "\r" : "\n");
    const parts = (rest + (value ?? "")).split(end ?? "\n");
    rest = done ? "" : parts.pop();
    for (const text of parts) {
      number += 1;
      yield { text: text.replace(/\r$/, ""), number };
    }
    if (done) return;
  }
}

/** Return how many lines a file has. */
export async function countLines(file, signal) {
  const reader = file.stream().getReader();
  let count = 0;
  let last = 10;
  for (;;) {
    const { value, done } = await reader.read();
    if (done || signal.aborted) return last === 10 ? count : count + 1;
    for (let place = value.indexOf(10); place >= 0; place = value.indexOf(10, place + 1)) count += 1;
    last = value.at(-1) ?? last;
  }
}

/**
 * Reads rows of a file that begin at given lines, asked for in rising order. `sheet` is
 * `{names, delimiter}` of a CSV, null for NDJSON.
 */
export class Rows {
  constructor(file, sheet) {
    this.lines = linesOf(file);
    this.sheet = sheet;
    this.ahead = null;
  }

  /**
   * Return the row that begins at a line: its text, its cells and what they say by column. A row that is
   * `malformed` is its first line only, as the service takes it.
   */
  async at(number, malformed) {
    let line = await this.next();
    while (line && line.number < number) line = await this.next();
    if (!line || line.number > number) {
      this.ahead = line;
      return { text: "", cells: [], said: {} };
    }
    if (!this.sheet) return { text: line.text, said: documentOf(line.text) };
    return malformed ? { text: line.text, said: {} } : this.sheetRow(line.text);
  }

  async next() {
    const held = this.ahead;
    this.ahead = null;
    return held ?? (await this.lines.next()).value;
  }

  /** Put together a row whose quoted cells go over several lines. */
  async sheetRow(begun) {
    let text = begun;
    for (let more = 0; more < MOST_LINES && !isClosed(text); more += 1) {
      const line = await this.next();
      if (!line) break;
      text += `\n${line.text}`;
    }
    const { names, delimiter } = this.sheet;
    const cells = cellsOf(text, delimiter);
    return { text, cells, said: Object.fromEntries(names.map((name, place) => [name, cells[place]])) };
  }
}

const MOST_LINES = 1000;
const isClosed = (text) => (text.match(/"/g)?.length ?? 0) % 2 === 0;

function documentOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Return the cells of a row of CSV (RFC 4180). */
export function cellsOf(text, delimiter) {
  const cells = [];
  let place = 0;
  while (place <= text.length) {
    const [cell, end] = text[place] === '"' ? quoted(text, place + 1) : ["", place];
    const next = text.indexOf(delimiter, end);
    const stop = next < 0 ? text.length : next;
    cells.push(cell + text.slice(end, stop));
    place = stop + 1;
  }
  return cells;
}

function quoted(text, begin) {
  let cell = "";
  let place = begin;
  for (;;) {
    const end = text.indexOf('"', place);
    if (end < 0) return [cell + text.slice(place), text.length];
    cell += text.slice(place, end);
    if (text[end + 1] !== '"') return [cell, end + 1];
    cell += '"';
    place = end + 2;
  }
}

/** Return a cell with a quote before it if a spreadsheet would run it as a formula. */
function neutralise(text) {
  const runs = /^(?:[\s\u00a0\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r\n])/.test(text);
  return runs && !/^[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?$/.test(text.trim()) ? `'${text}` : text;
}

/** Return cells as a row of CSV. */
export function csvRow(cells) {
  const shown = cells.map((cell) => {
    const text = cell === null || cell === undefined ? "" : neutralise(String(cell));
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${shown.join(",")}\r\n`;
}
