/** Links that don't open, in plain words: what is the matter, and what to do. */

import { button, buttons } from "../shared/buttons.js";
import { el } from "../shared/dom.js";
import { announce, showSheet } from "./screen.js";

const TELL = " If it still doesn’t open, tell the person who invited you.";
const ASK = "please ask the person who invited you for a new link.";

/**
 * `words` where the server says none.
 * @type {Record<string, {heading: string, words?: string, todo: string}>}
 */
const FAULTS = {
  incomplete: {
    heading: "This link is incomplete",
    words: "The last part of the address, after the # sign, is missing.",
    todo: "Please open the link from your invitation again, or copy all of it into the address bar.",
  },
  token_invalid: { heading: "This link doesn’t open an interview", todo: `Please open the newest link that you were sent.${TELL}` },
  run_unknown: {
    heading: "We can’t find this interview",
    words: "The address may have been copied with a slip.",
    todo: `Please open the link from your invitation again.${TELL}`,
  },
  run_expired: { heading: "This link has expired", todo: `If you would still like to take part, ${ASK}` },
  channel_disabled: { heading: "This interview is closed", todo: "Thank you for coming." },
  run_not_open: { heading: "Not open yet", todo: "Your link stays the same." },
  run_finished: { heading: "This interview is finished", todo: "You can close this page." },
  run_declined: { heading: "You chose not to take part", todo: `If you have changed your mind, ${ASK}` },
  at_capacity: { heading: "Please wait a moment", todo: "Your place is safe. This page goes on by itself as soon as there is room." },
  unreachable: {
    heading: "We can’t reach the interview",
    words: "Your connection, or our server, is having a break.",
    todo: "Please check that you are online. This page keeps trying by itself.",
  },
};

/**
 * Show why the link doesn't open; where waiting helps, count down and try again.
 * @param {import("./session.js").LinkFault} fault
 * @param {() => void} retry
 */
export function showFault(fault, retry) {
  const { heading, words = "", todo } = FAULTS[fault.code] ?? FAULTS.run_unknown;
  const said = el("p", {}, fault.message || words);
  if (fault.retryAfter === 0) {
    showSheet(heading, said, el("p", { class: "soft" }, todo));
    return;
  }
  const count = el("p", { class: "soft", "aria-hidden": "true" });
  const now = button("Try again now", go, "primary large");
  showSheet(heading, said, el("p", {}, todo), count, buttons(now));
  announce("This page tries again by itself.");
  let left = Math.ceil(fault.retryAfter);
  const timer = setInterval(tick, 1000);
  tell();

  function tick() {
    left -= 1;
    if (left <= 0) go();
    else tell();
  }
  function tell() {
    count.textContent = `Trying again in ${left} ${left === 1 ? "second" : "seconds"}.`;
  }
  function go() {
    clearInterval(timer);
    now.disabled = true;
    count.textContent = "Trying…";
    retry();
  }
}
