// What a batch came to: files that grow part by part outside of the page's memory, and counts.

import { csvRow } from "./rows.js";

/** A file put together of texts; parts of it are handed to the browser as it grows. */
export class Growing {
  constructor(type) {
    this.type = type;
    this.parts = [];
    this.waiting = [];
    this.size = 0;
  }

  add(text) {
    this.waiting.push(text);
    this.size += text.length;
    if (this.size > 1 << 20) this.settle();
  }

  settle() {
    this.parts.push(new Blob(this.waiting));
    this.waiting = [];
    this.size = 0;
  }

  blob() {
    this.settle();
    return new Blob(this.parts, { type: this.type });
  }
}

const REJECT_COLUMNS = ["line", "id", "column", "value", "code", "message", "row"];

/**
 * The outcome so far, by a rulebook of these `facts`: the names of its tests and explanations.
 * `rows` reads along in the file, of which the columns named in `own` pass through into the sheet of
 * verdicts; `told` is called with each mistake and its number.
 */
export class Collected {
  constructor(facts, rows, own, told) {
    this.facts = facts;
    this.rows = rows;
    this.own = own;
    this.told = told;
    this.answered = 0;
    this.rejected = 0;
    this.mistakes = 0;
    this.last = 0;
    this.classes = new Map();
    this.ndjson = new Growing("application/x-ndjson");
    this.csv = new Growing("text/csv");
    this.rejects = new Growing("text/csv");
    this.csv.add(csvRow([...columnsOf(facts), ...own.map(({ name }) => name)]));
    this.rejects.add(csvRow(REJECT_COLUMNS));
  }

  /** Take in one line of the answer. */
  async add(text, answer) {
    this.answered += 1;
    this.last = answer.line;
    if (answer.error) {
      await this.reject(answer);
      return;
    }
    this.ndjson.add(`${text}\n`);
    const cells = this.own.length ? (await this.rows.at(answer.line, false)).cells : [];
    this.csv.add(csvRow([...cellsOf(answer, this.facts), ...this.own.map(({ place }) => cells[place])]));
    this.classes.set(answer.classification, (this.classes.get(answer.classification) ?? 0) + 1);
  }

  async reject({ line, error }) {
    this.rejected += 1;
    const whole = { pointer: "", code: error.type.split(":").pop(), detail: error.detail };
    const mistakes = error.errors.length ? error.errors : [whole];
    const row = await this.rows.at(line, mistakes[0].pointer === "");
    for (const mistake of mistakes) {
      const path = mistake.pointer.split("/").slice(1).map(unescaped);
      const told = {
        line,
        id: shownValue(row.said?.id),
        column: path.join("."),
        value: path.length ? shownValue(path.reduce((part, key) => part?.[key], row.said)) : row.text,
        code: mistake.code,
        message: mistake.detail,
        row: row.text,
      };
      this.rejects.add(csvRow(REJECT_COLUMNS.map((name) => told[name])));
      this.mistakes += 1;
      this.told(told, this.mistakes);
    }
  }
}

const unescaped = (part) => part.replaceAll("~1", "/").replaceAll("~0", "~");

function shownValue(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function columnsOf({ tests, explanations }) {
  const first = ["id", "rulebook", "classification", "strategy"];
  return [...first, ...tests, ...explanations, "dominant_explanations", "notes", "contested"];
}

function cellsOf(answer, { tests, explanations }) {
  const joined = (list) => list.join(";");
  return [
    answer.episode_id, answer.rulebook.id, answer.classification, answer.strategy,
    ...tests.map((name) => answer.tests[name]),
    ...explanations.map((name) => answer.explanations[name]),
    joined(answer.dominant_explanations), joined(answer.notes), joined(answer.contested),
  ];
}
