/**
 * What the talk looks like just now, folded from the server's messages. Knows no element, socket or device.
 */

/** @typedef {import("./words.js").ToPage} ToPage */
/** @typedef {{id: string, role: "agent" | "participant", text: string, final: boolean, cut: boolean}} Line */
/** @typedef {import("./doors.js").Talk} Talk */

const MOST_LINES = 4000;
/** Notices about a turn, which a pause ends. */
const OF_A_TURN = new Set(["check_in", "misheard", "noise"]);

/** @returns {Talk} */
export function newTalk() {
  return {
    light: "thinking",
    detail: "waiting",
    question: null,
    progress: null,
    notice: null,
    ended: null,
    lines: new Map(),
    unconfirmed: [],
    response: null,
    dbfs: -90,
  };
}

/**
 * Fold one message into the talk.
 * @param {Talk} talk
 * @param {ToPage} message
 */
export function fold(talk, message) {
  switch (message.type) {
    case "floor":
      talk.light = message.light;
      talk.detail = message.detail;
      if (talk.light === "paused" && OF_A_TURN.has(talk.notice?.code ?? "")) talk.notice = null;
      break;
    case "caption":
      foldCaption(talk, message);
      break;
    case "question":
      if (talk.question?.node_key !== message.node_key) {
        talk.notice = null;
        talk.unconfirmed = [];
        talk.response = null;
      }
      talk.question = message;
      break;
    case "progress":
      talk.progress = message;
      if (talk.response) talk.response.taken = true;
      break;
    case "notice":
      if (message.text) talk.notice = message;
      else if (talk.notice?.code === message.code) talk.notice = null;
      break;
    case "refused":
      talk.response = null;
      talk.notice = { type: "notice", seq: 0, code: message.code, text: message.text, offers: [] };
      break;
    case "level":
      talk.dbfs = message.dbfs;
      break;
    case "ended":
      talk.ended = message;
      talk.light = "ended";
      break;
    default:
      break;
  }
}

/**
 * @param {Talk} talk
 * @param {import("./words.js").Caption} caption
 */
function foldCaption(talk, caption) {
  if (caption.role === "participant") confirm(talk, caption);
  if (caption.gone) {
    talk.lines.delete(caption.id);
    return;
  }
  const { id, role, text, final, cut } = caption;
  if (talk.lines.has(id) || talk.lines.size < MOST_LINES) talk.lines.set(id, { id, role, text, final, cut });
}

/**
 * A typed answer is confirmed by the caption of the same id, or, where turns are joined, by the words themselves.
 * @param {Talk} talk
 * @param {import("./words.js").Caption} caption
 */
function confirm(talk, caption) {
  const said = spaced(caption.text);
  talk.unconfirmed = talk.unconfirmed.filter((sent) => sent.id !== caption.id && !said.includes(spaced(sent.text)));
}

/** @param {string} text */
function spaced(text) {
  return text.replace(/\s+/g, " ").trim();
}

/**
 * The conversation to keep: plain text, as it was captioned.
 * @param {Talk} talk
 * @param {string} title
 * @param {string} agentName
 * @returns {string}
 */
export function asText(talk, title, agentName) {
  const lines = [...talk.lines.values()].map(
    (line) => `${line.role === "agent" ? agentName : "You"}: ${line.text}${line.cut ? " —" : ""}`,
  );
  return [title, "", ...lines, ""].join("\n");
}
