/** Who asks, why and how long; what is agreed to, recording apart; two clear answers. */

import { el } from "../shared/dom.js";
import { showSheet } from "./screen.js";

/**
 * @param {import("./session.js").Session} session
 * @param {(granted: boolean, recording: boolean) => void} onAnswer
 */
export function showConsent(session, onAnswer) {
  const { consent } = session;
  const recording = el("input", { type: "checkbox", id: "recording", "aria-describedby": "recording-note" });
  const agree = () => onAnswer(true, consent.recording_offered && recording.checked);
  const decline = () => onAnswer(false, false);
  showSheet(
    session.title || "An interview",
    el("p", { class: "lead" }, `${session.organization || "The people who invited you"} would like to hear from you.`),
    facts(session),
    el(
      "section",
      { class: "card", "aria-labelledby": "consent-heading" },
      el("h2", { id: "consent-heading" }, "What you agree to"),
      ...paragraphs(consent.text),
    ),
    consent.recording_offered &&
      el(
        "div",
        { class: "card switch" },
        recording,
        el(
          "div",
          {},
          el("label", { for: "recording" }, "You may also record my voice"),
          el("p", { class: "soft small", id: "recording-note" }, "Your choice. Without it, the interview goes on just the same and only the words are kept."),
        ),
      ),
    contacts(consent),
    el(
      "div",
      { class: "buttons foot" },
      el("button", { class: "button primary large", type: "button", onclick: agree }, "I agree, let’s go on"),
      el("button", { class: "button large", type: "button", onclick: decline }, "No, thank you"),
    ),
  );
}

/** @param {import("./session.js").Session} session */
function facts(session) {
  const { agent_name, estimated_duration_m: minutes, purpose } = session;
  return el(
    "ul",
    { class: "facts" },
    purpose ? fact("Why", purpose) : null,
    fact("How long", `About ${minutes} ${minutes === 1 ? "minute" : "minutes"}. Pause or leave when you like, and come back with the same link.`),
    fact("Who asks", `${agent_name || "Your interviewer"}, an AI interviewer: a computer program, not a person.`),
    fact("Your rights", "Skip any question, or stop at any time, without giving a reason."),
  );
}

/**
 * @param {string} name
 * @param {string} words
 */
function fact(name, words) {
  return el("li", {}, el("strong", {}, name), el("span", {}, words));
}

/** @param {import("./words.js").Consenting} consent */
export function contacts({ human_contact, help_lines }) {
  if (!human_contact && !help_lines?.length) return null;
  return el(
    "div",
    { class: "soft small contacts" },
    human_contact && el("p", {}, `Questions? A person answers: ${human_contact}`),
    ...(help_lines ?? []).map((line) => el("p", {}, `Help: ${line}`)),
  );
}

/** @param {string} text */
function paragraphs(text) {
  return text
    .split(/\n\s*\n/)
    .filter((part) => part.trim())
    .map((part) => el("p", { class: "as-written" }, part.trim()));
}

/** The polite end of not taking part. */
export function showDeclined() {
  showSheet(
    "Thank you for considering it",
    el("p", {}, "You are not taking part, and nothing was kept but your answer."),
    el("p", { class: "soft" }, "You can close this page."),
  );
}
