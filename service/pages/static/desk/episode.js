// The Episode under work. What was opened is kept as it was, and only what a person edits is
// changed in it, so that parts which the page does not show survive.

/** The fields of an observation that the page shows, as paths into it. */
export const CLAIM_FIELDS = {
  citation: ["source", "citation"],
  locator: ["source", "locator"],
  url: ["source", "url"],
  excerpt: ["source", "excerpt"],
  note: ["note"],
  coder: ["coder"],
  date: ["date"],
};

/** Return the text at a path into an object, "" where there is none. */
export function textAt(object, path) {
  const found = path.reduce((part, key) => part?.[key], object);
  return found === undefined ? "" : String(found);
}

/** Put a text at a path into an object; an empty text takes the field away. */
export function putText(object, [key, ...rest], text) {
  if (rest.length) {
    const inner = object[key] ?? {};
    putText(inner, rest, text);
    if (Object.keys(inner).length) object[key] = inner;
    else delete object[key];
  } else if (text) {
    object[key] = text;
  } else {
    delete object[key];
  }
}

/** An answer to a question that has no source: an entry of the Episode's `indicators`. */
export const SHORTHAND = null;

export class Episode {
  constructor(content = {}) {
    this.content = content;
  }

  get isBlank() {
    return Object.keys(this.content).length === 0;
  }

  get observations() {
    return this.content.observations ?? [];
  }

  /** The claims about an indicator: SHORTHAND where it has one, then its observations. */
  claims(indicator) {
    const observed = this.observations.filter((one) => one.indicator === indicator);
    const bare = Object.hasOwn(this.content.indicators ?? {}, indicator);
    return bare || !observed.length ? [SHORTHAND, ...observed] : observed;
  }

  /** Observations of indicators other than those known. */
  strangers(known) {
    return this.observations.filter((one) => !known.has(one.indicator));
  }

  value(indicator, claim) {
    const said = claim === SHORTHAND ? this.content.indicators?.[indicator] : claim.value;
    return said ?? "unknown";
  }

  setValue(indicator, claim, value) {
    if (claim !== SHORTHAND) {
      claim.value = value;
      return;
    }
    this.content.indicators ??= {};
    this.content.indicators[indicator] = value;
  }

  /** Make an observation of the answer without a source, so that it can carry one. */
  withSource(indicator) {
    const made = { indicator, value: this.value(indicator, SHORTHAND) };
    this.dropShorthand(indicator);
    return this.add(made);
  }

  add(observation) {
    this.content.observations ??= [];
    this.content.observations.push(observation);
    return observation;
  }

  /** Take a claim away; return a function that puts it back in its place. */
  remove(indicator, claim) {
    const before = structuredClone(this.content);
    if (claim === SHORTHAND) {
      this.dropShorthand(indicator);
    } else {
      this.observations.splice(this.observations.indexOf(claim), 1);
      if (!this.observations.length) delete this.content.observations;
    }
    return () => {
      this.content = before;
    };
  }

  dropShorthand(indicator) {
    const { indicators } = this.content;
    if (!indicators) return;
    delete indicators[indicator];
    if (!Object.keys(indicators).length) delete this.content.indicators;
  }

  /** How many of the indicators somebody has answered. */
  answered(indicators) {
    return indicators.filter((name) =>
      this.claims(name).some((claim) => this.value(name, claim) !== "unknown"),
    ).length;
  }

  toJSON() {
    return this.content;
  }
}

const isObject = (part) => typeof part === "object" && part !== null && !Array.isArray(part);
const isText = (part) => part === undefined || typeof part === "string";

/**
 * Whether the page can work on a document: its parts have the kinds that an Episode's have. Names,
 * values and dates may still be wrong; these are told beside their fields.
 */
export function workable(content) {
  if (!isObject(content)) return false;
  const { indicators = {}, observations = [], period = {}, actors = [] } = content;
  const texts = ["id", "title", "summary", "form", "hegemon"].map((name) => content[name]);
  return (
    texts.every(isText) &&
    isObject(indicators) &&
    Object.values(indicators).every(isText) &&
    isObject(period) &&
    [period.start, period.end].every(isText) &&
    Array.isArray(actors) &&
    actors.every((actor) => typeof actor === "string") &&
    Array.isArray(observations) &&
    observations.every(isWorkableClaim)
  );
}

function isWorkableClaim(claim) {
  if (!isObject(claim) || typeof claim.indicator !== "string") return false;
  if (!isText(claim.value) || !isObject(claim.source ?? {})) return false;
  return Object.values(CLAIM_FIELDS).every((path) =>
    isText(path.reduce((part, key) => part?.[key], claim)),
  );
}
