/** Puts one screen in the place of another: the focus moves to its heading, and the heading is announced by that alone. */

import { el, fill, write } from "../shared/dom.js";

/** @typedef {import("../shared/dom.js").Child} Child */

/** @type {() => void} */
let leaveScreen = () => {};

/**
 * Show a calm sheet with a heading.
 * @param {string} heading
 * @param {...Child} content
 */
export function showSheet(heading, ...content) {
  const title = el("h1", { tabindex: "-1" }, heading);
  showScreen(el("main", { class: "sheet" }, title, ...content));
  title.focus({ preventScroll: true });
}

/**
 * @param {HTMLElement} screen
 * @param {() => void} [onLeave] called when another screen takes its place
 */
export function showScreen(screen, onLeave = () => {}) {
  leaveScreen();
  leaveScreen = onLeave;
  fill(/** @type {HTMLElement} */ (document.getElementById("page")), screen);
  scrollTo(0, 0);
}

/**
 * Tell a screen reader something that the eye sees in another way.
 * @param {string} words
 */
export function announce(words) {
  write(/** @type {HTMLElement} */ (document.getElementById("announcer")), words);
}

/** @param {string} title */
export function nameThePage(title) {
  document.title = title ? `${title} · Interview` : "Interview";
}
