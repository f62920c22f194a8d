/**
 * Builds elements. Words go in as text nodes alone, so that nothing said or sent by anybody can become markup.
 * Knows nothing of interviews.
 */

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Properties */

/**
 * Make one element: `on…` functions become listeners, `true` an empty attribute, `false` and null nothing.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...present(children));
  return element;
}

/**
 * Put these children in place of all that an element holds.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/**
 * Write words into an element only when they differ: a live region speaks again at every write.
 * @param {Element} element
 * @param {string} words
 */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/**
 * A web address that may be shown or played: http, https or our own origin; anything else is null.
 * @param {string | null | undefined} address
 * @returns {string | null}
 */
export function safeAddress(address) {
  if (!address) return null;
  try {
    const url = new URL(address, location.origin);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function present(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child || child === ""));
}
