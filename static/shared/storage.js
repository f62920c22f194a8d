/** Small choices that outlive a reload (the device, the mode, switches). Never words of a talk, never a token. */

const PREFIX = "vivavoce.";

/**
 * @param {string} name
 * @returns {string | null} null when nothing is stored, or storage is forbidden
 */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // private windows may forbid it; the choice then lasts as long as the page
  }
}
