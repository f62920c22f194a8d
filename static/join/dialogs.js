/** The few things that stand in front of the talk: ending for good, keys and help, the sound check. */

import { button, buttons } from "../shared/buttons.js";
import { el } from "../shared/dom.js";
import { contacts } from "./consent_screen.js";
import { DeviceCheck } from "./device_check.js";
import { SHORTCUTS } from "./shortcuts.js";

/** @param {() => void} onEnd */
export function confirmEnd(onEnd) {
  const dialog = opened(
    "End the interview for good?",
    el("p", {}, "What you have told us is kept, and you can’t come back to this interview afterwards."),
    el("p", { class: "soft" }, "If you only need a break, choose “Leave for now” instead: the same link brings you back."),
  );
  const stay = button("No, go on", () => dialog.close(), "primary");
  const end = button("Yes, end it", finish, "danger");
  dialog.append(buttons(stay, end));
  stay.focus();

  function finish() {
    dialog.close();
    onEnd();
  }
}

/**
 * @param {import("./session.js").Session} session
 * @param {{shortcutsOn: boolean, onShortcuts: (on: boolean) => void, readAloud: boolean, onReadAloud: (on: boolean) => void}} switches
 */
export function showHelp(session, { shortcutsOn, onShortcuts, readAloud, onReadAloud }) {
  const rows = SHORTCUTS.map(({ shown, words }) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, shown)), el("td", {}, words)));
  const dialog = opened(
    "Keys and help",
    el("p", {}, "You may say any of these as well: “repeat”, “slower”, “skip”, “go back”, “pause”, “strike that”, “a person, please”, “stop”."),
    el("table", { class: "keys" }, el("caption", { class: "unseen" }, "Keyboard shortcuts"), el("tbody", {}, ...rows)),
    el("p", { class: "soft small" }, "Keys are silent while you type."),
    toggle("Letter keys as shortcuts", shortcutsOn, onShortcuts),
    toggle("Screen reader reads captions", readAloud, onReadAloud),
    contacts(session.consent),
  );
  dialog.append(buttons(button("Close", () => dialog.close(), "primary")));
}

/**
 * @param {import("./microphone.js").Microphone} microphone
 * @param {import("./speaker.js").Speaker} speaker
 * @param {{onVoice: () => void, onText: () => void}} chosen
 */
export function checkSound(microphone, speaker, { onVoice, onText }) {
  const before = microphone.stream;
  // Escape, too, may leave another microphone behind, on which the talk has to go on
  let then = () => (microphone.stream === before ? undefined : onVoice());
  /** @param {() => void} chosen */
  const leave = (chosen) => {
    then = chosen;
    dialog.close();
  };
  const check = new DeviceCheck(microphone, speaker, {
    startLabel: "Go on talking",
    onStart: () => leave(onVoice),
    onType: () => leave(onText),
  });
  const dialog = opened("Microphone and sound", check.steps, check.buttons);
  dialog.addEventListener("close", () => {
    check.close();
    then();
  });
  void check.open();
}

/**
 * @param {string} heading
 * @param {...import("../shared/dom.js").Child} content
 */
function opened(heading, ...content) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-heading" }, el("h2", { id: "dialog-heading", tabindex: "-1" }, heading), ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * @param {string} words
 * @param {boolean} on
 * @param {(on: boolean) => void} onSwitch
 */
function toggle(words, on, onSwitch) {
  const box = el("input", { type: "checkbox", role: "switch", checked: on, onchange: () => onSwitch(box.checked) });
  return el("p", {}, el("label", { class: "option" }, box, el("span", {}, words)));
}
