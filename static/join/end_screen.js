/** After the talk: thanks, what happens next, and the conversation to read and keep. Also the pauses that look like ends. */

import { button, buttons } from "../shared/buttons.js";
import { el, safeAddress } from "../shared/dom.js";
import { contacts } from "./consent_screen.js";
import { showSheet } from "./screen.js";
import { asText } from "./talk_state.js";

/** @type {Record<string, {heading: string, next: string}>} */
const OUTCOMES = {
  completed: { heading: "Thank you", next: "Your answers go to the people who asked for them." },
  stopped: { heading: "You have ended the interview", next: "What you told us up to here was kept, unless you asked for it to be removed." },
  time: { heading: "Our time is up", next: "Thank you. What you told us was kept, and goes to the people who asked for it." },
  cancelled: { heading: "This interview was closed", next: "The people who invited you have closed it. You need not do anything." },
  failed: { heading: "We had to stop", next: "Something went wrong on our side, and we are sorry. What you told us up to here was kept." },
};

/**
 * @param {import("./words.js").Ended} ended
 * @param {import("./talk_state.js").Talk} talk
 * @param {import("./session.js").Session} session
 */
export function showEnd(ended, talk, session) {
  const { heading, next } = OUTCOMES[ended.outcome] ?? OUTCOMES.completed;
  showSheet(
    heading,
    ended.text && el("p", { class: "lead" }, ended.text),
    el("p", {}, next),
    ended.code && el("p", { class: "card lead" }, "Your completion code: ", el("strong", {}, ended.code)),
    ended.onward ? el("p", {}, el("a", { class: "button primary large", href: safeAddress(ended.onward) }, "Continue")) : el("p", { class: "soft" }, ended.code ? "Keep your code, then close this page." : "You can close this page now."),
    conversation(talk, session),
    contacts(session.consent),
  );
}

/**
 * @param {string} words
 * @param {() => void} goOnHere
 */
export function showDisplaced(words, goOnHere) {
  showSheet(
    "The talk goes on elsewhere",
    el("p", {}, words || "This interview was opened in another window or on another device."),
    el("p", { class: "soft" }, "Nothing is lost. If you would rather go on here, you can take it back."),
    buttons(button("Go on here", goOnHere, "primary large")),
  );
}

/**
 * @param {() => void} comeBack
 */
export function showLeft(comeBack) {
  showSheet(
    "See you later",
    el("p", { class: "lead" }, "Your place is kept. Come back any time with the same link, on this or another device."),
    el("p", { class: "soft" }, "The microphone is off. You can close this page."),
    buttons(button("Come back now", comeBack, "primary large")),
  );
}

/**
 * @param {import("./talk_state.js").Talk} talk
 * @param {import("./session.js").Session} session
 */
function conversation(talk, session) {
  if (talk.lines.size === 0) return null;
  const agent = session.agent_name || "Interviewer";
  const said = [...talk.lines.values()].flatMap((line) => [
    el("dt", {}, line.role === "agent" ? agent : "You"),
    el("dd", {}, line.text),
  ]);
  return el(
    "section",
    { class: "card", "aria-labelledby": "kept-heading" },
    el("h2", { id: "kept-heading" }, "What was said"),
    el("div", { class: "kept", tabindex: "0", role: "region", "aria-label": "The conversation" }, el("dl", {}, ...said)),
    button("Save as a text file", () => save(asText(talk, session.title, agent)), "", "save"),
  );
}

/** @param {string} text */
function save(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = el("a", { href: address, download: "interview.txt" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
