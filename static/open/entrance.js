/**
 * The entrance of an open link: gets a run of this visitor's own and goes on to its page. A word drawn here and kept for this
 * tab alone brings whoever opens the link again back to the same run.
 */

import { showSheet } from "../join/screen.js";
import { el } from "../shared/dom.js";

const RETRY_AT_MOST_S = 60;
const RETRY_S = 5;

const WAITING = { heading: "Please wait a moment", todo: "This page goes on by itself." };
const AWAY = { heading: "We can’t reach the interview", todo: "Please check that you are online. This page keeps trying by itself." };
const SHUT = { heading: "This study is closed", todo: "You can close this page." };
const UNKNOWN = { heading: "This link doesn’t open an interview", todo: "If you copied it, copy all of it, up to its last sign." };

/**
 * @param {{heading: string, todo: string}} screen
 * @param {string} [words]
 */
function show({ heading, todo }, words = "") {
  showSheet(heading, words && el("p", {}, words), el("p", { class: "soft" }, todo));
}

/**
 * The word that this tab has for this link, drawn at the first time.
 * @param {string} place the link and its query: another external id is another visitor
 * @returns {string} 32 hex digits
 */
function wordOfTab(place) {
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const kept = sessionStorage.getItem(place);
    if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
    sessionStorage.setItem(place, drawn);
  } catch {
    // where nothing may be kept, opening the link again begins anew
  }
  return drawn;
}

async function enter() {
  const { pathname, search, hash } = location;
  const token = hash.slice(1);
  if (!token) return show(UNKNOWN);
  const body = JSON.stringify({ token, visitor: wordOfTab(pathname + search), query: Object.fromEntries(new URLSearchParams(search)) });
  const headers = { "content-type": "application/json" };
  let answer;
  try {
    answer = await fetch(`${pathname.replace(/\/$/, "")}/runs`, { method: "POST", headers, body, signal: AbortSignal.timeout(15_000) });
  } catch {
    return again(AWAY, "", RETRY_S);
  }
  const told = await answer.json().catch(() => null);
  if (answer.ok && told) return location.replace(`/join/${encodeURIComponent(told.run_id)}#${encodeURIComponent(told.join_token)}`);
  const words = String(told?.error?.message ?? "");
  const asked = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  if (answer.status === 429 || answer.status >= 500) return again(WAITING, words, asked || RETRY_S);
  return show(answer.status === 409 || answer.status === 410 ? SHUT : UNKNOWN, words);
}

/**
 * @param {{heading: string, todo: string}} screen
 * @param {string} words
 * @param {number} seconds
 */
function again(screen, words, seconds) {
  show(screen, words);
  setTimeout(() => void enter(), 1000 * Math.min(Math.max(seconds, 1), RETRY_AT_MOST_S));
}

// a page that is only made ready ahead of a click makes no run
if (/** @type {any} */ (document).prerendering) document.addEventListener("prerenderingchange", () => void enter(), { once: true });
else void enter();
