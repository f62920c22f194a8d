/** Buttons: words, and a drawing before them where there is one. */

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {string} words
 * @param {() => void} onclick
 * @param {string} [kind] further classes
 * @param {string} [drawing]
 */
export function button(words, onclick, kind = "", drawing = "") {
  return dress(el("button", { class: `button ${kind}`, type: "button", onclick }), words, drawing);
}

/**
 * Give a button other words, and with them its drawing.
 * @param {HTMLButtonElement} element
 * @param {string} words
 * @param {string} [drawing]
 */
export function dress(element, words, drawing = "") {
  if (element.dataset.words === words) return element;
  element.dataset.words = words;
  fill(element, drawing && icon(drawing), el("span", {}, words));
  return element;
}

/** @param {...import("./dom.js").Child} children */
export function buttons(...children) {
  return el("div", { class: "buttons" }, ...children);
}
