/**
 * Sound over WebRTC: one offer by WHIP, one audio track each way, and the data channel on which the server silences us
 * ahead of what is already on its way. Says when it is connected and when it is lost; trying again is its owner's part.
 */

import { WhipResource } from "./whip.js";

const GATHERING_MS = 500;
const CONNECT_MS = 5000;
const DISCONNECTED_MS = 4000;

/**
 * @typedef {object} Leg
 * @property {() => Promise<void>} connect resolves once sound can flow; rejects when it can't
 * @property {(tell?: boolean) => void} close tells the server, unless it was the server who ended it
 * @property {(muted: boolean) => void} mute
 * @property {() => Promise<number | null>} playoutDelay seconds; null while unknown
 * @property {() => void} onLost
 */

/** @implements {Leg} */
export class WebRtcLeg {
  /**
   * @param {import("./session.js").Visit} visit
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./speaker.js").Speaker} speaker
   */
  constructor(visit, microphone, speaker) {
    this.visit = visit;
    this.speaker = speaker;
    this.microphone = microphone;
    this.connected = false;
    this.closed = false;
    this.onLost = () => {};
    this.connection = new RTCPeerConnection({ iceServers: visit.session?.ice_servers ?? [] });
    this.control = this.connection.createDataChannel("control");
    this.control.onmessage = ({ data }) => speaker.obey(data);
    /** What the server sends on a channel that it has opened is a ping, and goes back. */
    this.connection.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.readyState === "open" && channel.send(data);
    };
    /** Chromium lets a remote stream flow into WebAudio only while an element plays it too. */
    this.sink = new Audio();
    this.sink.muted = true;
    /** @type {MediaStreamAudioSourceNode | null} */
    this.source = null;
    this.whip = new WhipResource(visit);
    this.played = { jitter: 0, emitted: 0, playout: 0, samples: 0 };
  }

  async connect() {
    const { connection } = this;
    const stream = /** @type {MediaStream} */ (this.microphone.stream);
    for (const track of stream.getAudioTracks()) connection.addTransceiver(track, { direction: "sendrecv", streams: [stream] });
    connection.ontrack = (event) => this.#hear(event.streams[0] ?? new MediaStream([event.track]));
    await connection.setLocalDescription(await connection.createOffer());
    await gathered(connection);
    await this.#exchange();
    await this.#connectedInTime();
    this.connected = true;
  }

  /** @param {boolean} [tell] */
  close(tell = true) {
    if (this.closed) return;
    this.closed = true;
    this.source?.disconnect();
    this.sink.srcObject = null;
    this.connection.onconnectionstatechange = null;
    this.connection.close();
    if (tell) void this.whip.hangUp();
  }

  mute() {
    // the track itself is switched off: its packets go on, silent
  }

  async playoutDelay() {
    const before = this.played;
    const now = { jitter: 0, emitted: 0, playout: 0, samples: 0 };
    for (const report of (await this.connection.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") {
        now.jitter = report.jitterBufferDelay ?? 0;
        now.emitted = report.jitterBufferEmittedCount ?? 0;
      } else if (report.type === "media-playout") {
        now.playout = report.totalPlayoutDelay ?? 0;
        now.samples = report.totalSamplesCount ?? 0;
      }
    }
    this.played = now;
    const emitted = now.emitted - before.emitted;
    const samples = now.samples - before.samples;
    if (emitted <= 0) return null;
    return (now.jitter - before.jitter) / emitted + (samples > 0 ? (now.playout - before.playout) / samples : this.speaker.latency);
  }

  async #exchange() {
    const { connection, whip } = this;
    const offer = connection.localDescription?.sdp ?? "";
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) void whip.trickle(candidate, offer);
    };
    const answer = await whip.offer(offer);
    if (this.closed) return whip.hangUp();
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  /** @returns {Promise<void>} */
  #connectedInTime() {
    const { connection } = this;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("not connected in time")), CONNECT_MS);
      const look = () => {
        clearTimeout(patience);
        const state = connection.connectionState;
        if (state === "connected") {
          clearTimeout(timer);
          resolve();
        } else if (state === "failed" || state === "closed") {
          clearTimeout(timer);
          reject(new Error(state));
          this.#lost();
        } else if (state === "disconnected") {
          patience = setTimeout(() => this.#lost(), DISCONNECTED_MS);
        }
      };
      connection.onconnectionstatechange = look;
      look();
    });
  }

  #lost() {
    if (this.connected && !this.closed) this.onLost();
  }

  /** @param {MediaStream} stream */
  #hear(stream) {
    this.sink.srcObject = stream;
    this.sink.play().catch(() => {});
    const context = this.speaker.wake();
    this.source = context.createMediaStreamSource(stream);
    this.source.connect(this.speaker.input);
  }
}

/**
 * Wait until all candidates are in the offer, or long enough for those that matter.
 * @param {RTCPeerConnection} connection
 * @returns {Promise<void>}
 */
function gathered(connection) {
  return new Promise((resolve) => {
    if (connection.iceGatheringState === "complete") return resolve();
    setTimeout(resolve, GATHERING_MS);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState === "complete") resolve();
    });
  });
}
