/** What the participant must know besides whose turn it is: the connection, a closed microphone, a notice with ways out. */

import { button, buttons } from "../shared/buttons.js";
import { el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";

/** @typedef {{mode: import("./words.js").Mode, muted: boolean, link: import("./live_link.js").LinkState, sound: import("./sound_road.js").RoadState}} Situation */
/** @typedef {{tone: "calm" | "warn" | "fail", words: string, offers: [string, () => void][], dismiss?: () => void}} Banner */

/** @typedef {import("./doors.js").WaysOut} WaysOut */

export class Banners {
  /** @param {WaysOut} waysOut */
  constructor(waysOut) {
    this.waysOut = waysOut;
    this.element = el("div", { class: "banners", role: "status" });
    this.shown = "";
  }

  /**
   * @param {Situation} situation
   * @param {import("./words.js").Notice | null} notice
   * @param {boolean} paused
   */
  show(situation, notice, paused) {
    const banners = [connectionBanner(situation, this.waysOut), mutedBanner(situation, this.waysOut), this.#noticeBanner(notice, paused)];
    const present = /** @type {Banner[]} */ (banners.filter(Boolean));
    const shown = JSON.stringify([present, notice?.seq]);
    if (shown === this.shown) return;
    this.shown = shown;
    fill(this.element, ...present.map(banner));
  }

  /**
   * @param {import("./words.js").Notice | null} notice
   * @param {boolean} paused when there is no turn to do anything with
   * @returns {Banner | null}
   */
  #noticeBanner(notice, paused) {
    if (!notice) return null;
    const { claim, type, hold, dismiss } = this.waysOut;
    /** @type {Record<string, [string, () => void]>} */
    const known = {
      type: ["Type instead", type],
      skip: ["Skip", () => claim("skip")],
      repeat: ["Repeat", () => claim("repeat")],
      pause: ["Pause", () => claim("pause")],
      hold: ["Hold my turn", () => hold(true)],
    };
    const offers = notice.offers.filter((name) => !paused && Object.hasOwn(known, name)).map((name) => known[name]);
    return { tone: "calm", words: notice.text, offers, dismiss };
  }
}

/**
 * @param {Situation} situation
 * @param {WaysOut} waysOut
 * @returns {Banner | null}
 */
function connectionBanner({ link, sound, mode }, { use }) {
  if (link === "reconnecting") return { tone: "warn", words: "The connection is lost. Reconnecting… Your place is kept.", offers: [] };
  if (mode !== "voice") return null;
  if (sound === "connecting") return { tone: "calm", words: "Connecting the sound…", offers: [] };
  if (sound === "lost") return { tone: "warn", words: "The sound is lost. Reconnecting… You can type meanwhile.", offers: [] };
  if (sound === "failed") {
    const words = "The sound can’t get through on this network. You can go on in writing.";
    return { tone: "fail", words, offers: [["Try the sound again", () => use("voice")], ["Go on typing", () => use("text")]] };
  }
  return null;
}

/**
 * @param {Situation} situation
 * @param {WaysOut} waysOut
 * @returns {Banner | null}
 */
function mutedBanner({ muted, mode }, { toggleMute }) {
  if (!muted || mode !== "voice") return null;
  return { tone: "fail", words: "You are muted. The interviewer can’t hear you.", offers: [["Unmute", toggleMute]] };
}

/** @param {Banner} banner */
function banner({ tone, words, offers, dismiss }) {
  const cross = dismiss && el("button", { class: "button quiet dismiss", type: "button", "aria-label": "Dismiss", onclick: dismiss }, icon("close"));
  const ways = offers.length > 0 && buttons(...offers.map(([name, onclick]) => button(name, onclick)));
  return el("div", { class: "banner", "data-tone": tone }, icon(tone === "calm" ? "info" : "warning"), el("p", {}, words), ways, cross);
}
