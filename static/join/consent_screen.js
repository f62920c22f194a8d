/** Who asks, why and how long; what is agreed to; and always in sight, leave to record and two clear answers. */

import { button, buttons } from "../shared/buttons.js";
import { el } from "../shared/dom.js";
import { showSheet } from "./screen.js";

/**
 * @param {import("./session.js").Session} session
 * @param {(granted: boolean, recording: boolean) => void} onAnswer
 */
export function showConsent(session, onAnswer) {
  const { consent } = session;
  const recording = el("input", { type: "checkbox" });
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
    contacts(consent),
    el(
      "div",
      { class: "foot" },
      consent.recording_offered &&
        el(
          "label",
          { class: "option" },
          recording,
          el("span", {}, el("strong", {}, "You may also record my voice."), el("span", { class: "soft small" }, " If not, only the words are kept.")),
        ),
      buttons(button("I agree, let’s go on", agree, "primary large"), button("No, thank you", decline, "large")),
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
