/**
 * Keeps sound flowing both ways: WebRTC first, a websocket when that doesn't come about, a new connection after a
 * loss. Knows no words and no screen.
 */

import { WebRtcLeg } from "./webrtc_leg.js";
import { WebSocketLeg } from "./websocket_leg.js";

/** @typedef {"idle" | "connecting" | "connected" | "lost" | "failed"} RoadState */

const MOST_FAILURES = 5;
const PLAYOUT_EVERY_MS = 500;
const LONGEST_PLAYOUT_S = 10;

export class SoundRoad {
  /**
   * @param {import("./session.js").Visit} visit
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./speaker.js").Speaker} speaker
   * @param {{onState: (state: RoadState) => void, onPlayout: (delay: number) => void}} listener
   */
  constructor(visit, microphone, speaker, listener) {
    this.visit = visit;
    this.microphone = microphone;
    this.speaker = speaker;
    this.listener = listener;
    /** @type {import("./webrtc_leg.js").Leg | null} */
    this.leg = null;
    /** @type {RoadState} */
    this.state = "idle";
    this.wanted = false;
    this.webRtcWorks = typeof RTCPeerConnection === "function";
    /** Grows with every new attempt; an older attempt that comes through late is thrown away. */
    this.attempt = 0;
    setInterval(() => void this.#reportPlayout(), PLAYOUT_EVERY_MS);
  }

  /**
   * Connect, or connect anew (another microphone, another sitting).
   * @returns {Promise<boolean>} whether sound flows
   */
  async connect() {
    this.wanted = true;
    const attempt = ++this.attempt;
    this.#hangUp();
    this.#become(this.state === "connected" || this.state === "lost" ? "lost" : "connecting");
    for (let failures = 0; failures < MOST_FAILURES; failures++) {
      if (failures > 0) await pause(Math.min(500 * 2 ** failures, 8000));
      if (!this.wanted || attempt !== this.attempt) return false;
      const leg = await this.#firstThatConnects();
      if (!this.wanted || attempt !== this.attempt) {
        leg?.close();
        return false;
      }
      if (leg) {
        this.#settle(leg);
        return true;
      }
    }
    this.#become("failed");
    return false;
  }

  /** Say that it can't be done at all: there is no microphone. */
  giveUp() {
    this.close();
    this.#become("failed");
  }

  /** @param {boolean} [tell] whether the server has yet to be told */
  close(tell = true) {
    this.wanted = false;
    this.attempt += 1;
    this.#hangUp(tell);
    this.#become("idle");
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.microphone.mute(muted);
    this.leg?.mute(muted);
  }

  /** @returns {Promise<import("./webrtc_leg.js").Leg | null>} */
  async #firstThatConnects() {
    if (this.webRtcWorks) {
      const leg = await connected(new WebRtcLeg(this.visit, this.microphone, this.speaker));
      if (leg) return leg;
    }
    const leg = await connected(new WebSocketLeg(this.visit, this.microphone, this.speaker));
    if (leg) this.webRtcWorks = false; // this network lets no UDP through: don't lose five seconds again
    return leg;
  }

  /** @param {import("./webrtc_leg.js").Leg} leg */
  #settle(leg) {
    this.leg = leg;
    leg.onLost = () => {
      if (this.leg === leg && this.wanted) void this.connect();
    };
    this.speaker.unsilence();
    this.#become("connected");
  }

  #hangUp(tell = true) {
    this.leg?.close(tell);
    this.leg = null;
  }

  /** @param {RoadState} state */
  #become(state) {
    this.state = state;
    this.listener.onState(state);
  }

  async #reportPlayout() {
    const delay = await this.leg?.playoutDelay().catch(() => null);
    if (delay !== null && delay !== undefined && delay >= 0 && delay < LONGEST_PLAYOUT_S) this.listener.onPlayout(delay);
  }
}

/**
 * @param {import("./webrtc_leg.js").Leg} leg
 * @returns {Promise<import("./webrtc_leg.js").Leg | null>}
 */
async function connected(leg) {
  try {
    await leg.connect();
    return leg;
  } catch {
    leg.close();
    return null;
  }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
