/** Talk or type, chosen before anything is asked of the device; and the way back in after a reload. */

import { button, buttons } from "../shared/buttons.js";
import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { showSheet } from "./screen.js";

const FOREIGN =
  "Speech is recognised in US English only, and this interview is in another language. Typing will understand you better.";

/**
 * @param {import("./session.js").Session} session
 * @param {{onVoice: () => void, onText: () => void}} chosen
 */
export function showModeChoice(session, { onVoice, onText }) {
  const voice = choice("microphone", "Talk", "Speak as you would to a person. We check your microphone first.", onVoice);
  const text = choice("keyboard", "Type", "Read the questions and write your answers.", onText);
  showSheet(
    "How would you like to answer?",
    el("p", {}, "You can change at any time, even in the middle of an answer."),
    session.speech_supported === false && verdict("warn", FOREIGN),
    el("div", { class: "choices" }, ...(session.speech_supported === false ? [text, voice] : [voice, text])),
  );
}

/**
 * After a reload, or on another device: one click, for no page may sound or listen without one.
 * @param {import("./session.js").Session} session
 * @param {{mode: import("./words.js").Mode, onVoice: () => void, onText: () => void}} offer
 */
export function showWelcomeBack(session, { mode, onVoice, onText }) {
  const { answered, expected } = session.progress ?? { answered: 0, expected: 0 };
  const place = answered > 0 && expected > 1 ? ` You have answered ${answered} of about ${expected} questions.` : "";
  const voice = button("Continue talking", onVoice, "large", "microphone");
  const text = button("Continue by typing", onText, "large", "keyboard");
  const order = mode === "text" || session.speech_supported === false ? [text, voice] : [voice, text];
  order[0].classList.add("primary");
  showSheet(
    "Welcome back",
    el("p", { class: "lead" }, `We go on where we stopped.${place}`),
    session.speech_supported === false && verdict("warn", FOREIGN),
    buttons(...order),
  );
}

/**
 * @param {"pass" | "warn" | "fail"} result
 * @param {string} words
 */
export function verdict(result, words) {
  return el("p", { class: "verdict", "data-result": result }, icon(result === "pass" ? "check" : "warning"), el("span", {}, words));
}

/**
 * @param {string} drawing
 * @param {string} name
 * @param {string} words
 * @param {() => void} onclick
 */
function choice(drawing, name, words, onclick) {
  return el("button", { class: "choice", type: "button", onclick }, icon(drawing), el("strong", {}, name), el("span", {}, words));
}
