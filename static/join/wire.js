/**
 * The words between this page and the server (see server/live/wire.py), and the check of every message that comes in:
 * what isn't of the expected shape is dropped, never shown.
 */

/** @typedef {import("./words.js").ToPage} ToPage */

export const LONGEST_TEXT = 5000;
const LONGEST_MESSAGE = 262_144;
const MOST_ITEMS = 200;

/** @typedef {(value: unknown) => unknown} Check Returns the value as it may be used; throws on another shape. */

/** @type {Check} */
const words = (value) => expected(typeof value === "string", value);
/** @type {Check} */
const flag = (value = false) => expected(typeof value === "boolean", value);
/** @type {Check} */
const count = (value) => expected(Number.isSafeInteger(value) && Number(value) >= 0, value);
/** @type {Check} */
const number = (value) => expected(typeof value === "number" && Number.isFinite(value), value);
/** @param {Check} check @returns {Check} */
const orNone = (check) => (value) => (value ?? null) === null ? null : check(value);
/** @param {readonly string[]} choices @returns {Check} */
const oneOf = (choices) => (value) => expected(choices.includes(/** @type {string} */ (value)), value);
/** @param {Check} check @returns {Check} */
const listOf = (check) => (value) => {
  const given = value ?? [];
  expected(Array.isArray(given), given);
  return /** @type {unknown[]} */ (given).slice(0, MOST_ITEMS).map(check);
};
/** @param {Record<string, Check>} shape @returns {Check} */
const record = (shape) => (value) => {
  expected(typeof value === "object" && value !== null && !Array.isArray(value), value);
  const given = /** @type {Record<string, unknown>} */ (value);
  return Object.fromEntries(Object.entries(shape).map(([name, check]) => [name, check(given[name])]));
};

const field = record({
  name: words,
  label: words,
  type: words,
  options: listOf(words),
  min: orNone(number),
  max: orNone(number),
  required: (value = true) => flag(value),
});
const content = record({
  type: words,
  url: orNone(words),
  text: orNone(words),
  alt: (value) => words(value ?? ""),
  caption: orNone(words),
});

/** @type {Record<string, Record<string, Check>>} */
const SHAPES = {
  welcome: { session_id: words, status: words, seq: count, consent_needed: flag, resumed: flag },
  floor: { seq: count, light: oneOf(["yours", "thinking", "mine", "paused", "away", "ended"]), detail: words },
  caption: { seq: count, id: words, role: oneOf(["agent", "participant"]), text: words, final: flag, cut: flag, gone: flag },
  question: {
    seq: count, node_key: words, kind: words, text: words, section: orNone(words), node_type: words, fields: listOf(field),
    content: orNone(content),
  },
  progress: { seq: count, answered: count, expected: count, remaining_m: orNone(number) },
  notice: { seq: count, code: words, text: words, offers: listOf(words) },
  level: { dbfs: number },
  ended: { outcome: words, text: words, onward: orNone(words), code: orNone(words) },
  displaced: { text: words },
  refused: { code: words, text: words },
  pong: { n: count },
};

/**
 * Read one message of the server.
 * @param {unknown} data what the websocket gave
 * @returns {ToPage | null} null for anything that isn't a message of ours
 */
export function readMessage(data) {
  if (typeof data !== "string" || data.length > LONGEST_MESSAGE) return null;
  try {
    const given = JSON.parse(data);
    const type = given?.type;
    if (typeof type !== "string" || !Object.hasOwn(SHAPES, type)) return null;
    const read = /** @type {object} */ (record(SHAPES[type])(given));
    return /** @type {ToPage} */ ({ type, ...read });
  } catch {
    return null;
  }
}

/**
 * @param {boolean} right
 * @param {unknown} value
 * @returns {unknown}
 */
function expected(right, value) {
  if (!right) throw new TypeError("not of the expected shape");
  return value;
}
