/**
 * The live websocket: says hello, hands over what comes, and comes back by itself after a loss, asking only for what it has
 * not shown. Knows the order of messages, nothing of what they mean to a person.
 */

import { readMessage } from "./wire.js";
import { LinkFault } from "./session.js";

/** @typedef {import("./words.js").ToPage} ToPage */
/** @typedef {import("./words.js").FromPage} FromPage */
/** @typedef {"connected" | "reconnecting" | "closed"} LinkState */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8000;
const PING_EVERY_MS = 4000;
const SILENT_FOR_MS = 12_000;
const MOST_WAITING = 100;

/** The server takes these only once the talk has started. The conversation keeps answers until they are confirmed. */
const AFTER_START = new Set(["claim", "respond", "text"]);
/** Claimed while away, these still hold when the link is back; the others are about a question that may be gone by then. */
const LASTING = new Set(["stop", "human", "pause", "resume"]);

export class LiveLink {
  /**
   * @param {import("./session.js").Visit} visit
   * @param {{onMessage: (message: ToPage) => void, onState: (state: LinkState) => void, onFault: (fault: LinkFault) => void}} listener
   */
  constructor(visit, listener) {
    this.visit = visit;
    this.listener = listener;
    this.afterSeq = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.welcomed = false;
    this.started = false;
    this.wanted = false;
    this.failures = 0;
    this.heardAt = 0;
    this.pings = 0;
    /** @type {FromPage[]} */
    this.waiting = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.socket && this.#lost(this.socket));
    document.addEventListener("visibilitychange", () => this.hurry());
    setInterval(() => this.#beat(), PING_EVERY_MS);
  }

  open() {
    this.wanted = true;
    void this.#connect();
  }

  close() {
    this.wanted = false;
    this.waiting = [];
    clearTimeout(this.retry);
    this.#drop();
    this.listener.onState("closed");
  }

  /** Don't wait out the back-off: the network or the person is back. */
  hurry() {
    if (!this.wanted || this.socket || document.visibilityState === "hidden") return;
    clearTimeout(this.retry);
    void this.#connect();
  }

  /**
   * Send now, or, when it will still be true, once the link is back.
   * @param {FromPage} message
   * @returns {boolean} whether it went out at once
   */
  send(message) {
    if (this.socket && this.welcomed && (this.started || !AFTER_START.has(message.type))) {
      this.socket.send(JSON.stringify(message));
      if (message.type === "start") this.#start();
      return true;
    }
    const lasts = message.type === "claim" ? LASTING.has(message.right) : message.type === "consent";
    if (lasts && this.waiting.length < MOST_WAITING) this.waiting.push(message);
    return false;
  }

  async #connect() {
    this.#drop();
    const socket = new WebSocket(this.visit.socketAddress("live"));
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = () => this.#lost(socket);
    socket.onopen = async () => {
      try {
        const access_token = await this.visit.token();
        if (this.socket !== socket) return;
        socket.send(JSON.stringify({ type: "hello", access_token, after_seq: this.afterSeq }));
      } catch (fault) {
        this.#lost(socket);
        if (fault instanceof LinkFault && fault.retryAfter === 0) this.listener.onFault(fault);
      }
    };
  }

  /** @param {unknown} data */
  #hear(data) {
    this.heardAt = performance.now();
    const message = readMessage(data);
    if (!message) return;
    if (message.type === "welcome") this.#settle();
    else if ("seq" in message) this.afterSeq = Math.max(this.afterSeq, message.seq);
    this.listener.onMessage(message);
    if (message.type === "ended" || message.type === "displaced") this.close();
  }

  #settle() {
    this.welcomed = true;
    this.failures = 0;
    this.#flush();
    this.listener.onState("connected");
  }

  #start() {
    this.started = true;
    this.#flush();
  }

  #flush() {
    for (const message of this.waiting.splice(0)) this.send(message);
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (this.socket !== socket) return;
    this.#drop();
    if (!this.wanted) return;
    this.failures += 1;
    if (this.failures > 1) this.visit.forgetToken();
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.failures - 1), LONGEST_WAIT_MS) * (0.8 + 0.4 * Math.random());
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.#connect(), wait);
    this.listener.onState("reconnecting");
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    this.welcomed = this.started = false;
    if (!socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
  }

  /** A link over which nothing comes is lost, whatever the browser believes. */
  #beat() {
    if (!this.socket) return;
    if (performance.now() - this.heardAt > SILENT_FOR_MS) this.#lost(this.socket);
    else this.send({ type: "ping", n: this.pings++ });
  }
}
