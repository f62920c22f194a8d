/**
 * Sound over a websocket, for networks that let no UDP through: 20 ms frames of 16 kHz PCM both ways, each with one byte of
 * kind and a four-byte counter before it.
 */

const PCM = 0x01;
const HEADER_BYTES = 5;
const FRAME_BYTES = 640;
const CONNECT_MS = 6000;
const MOST_BUFFERED_BYTES = 64_000;

/** @typedef {import("./webrtc_leg.js").Leg} Leg */

/** @implements {Leg} */
export class WebSocketLeg {
  /**
   * @param {import("./session.js").Visit} visit
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./speaker.js").Speaker} speaker
   */
  constructor(visit, microphone, speaker) {
    this.visit = visit;
    this.microphone = microphone;
    this.speaker = speaker;
    this.onLost = () => {};
    this.closed = false;
    this.connected = false;
    this.sent = 0;
    this.buffered = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {AudioNode[]} */
    this.nodes = [];
  }

  async connect() {
    const context = this.speaker.wake();
    const here = new URL(".", import.meta.url);
    await Promise.all(["capture", "playback"].map((name) => context.audioWorklet.addModule(new URL(`${name}_worklet.js`, here))));
    const access_token = await this.visit.token();
    const socket = await opened(this.visit.socketAddress("audio"));
    if (this.closed) return socket.close();
    this.socket = socket;
    socket.onclose = () => this.#lost();
    socket.send(JSON.stringify({ access_token, format: "pcm" }));
    this.#wire(context, socket);
    if (this.microphone.muted) this.mute(true);
    this.connected = true;
  }

  close() {
    this.closed = true;
    for (const node of this.nodes) node.disconnect();
    this.nodes = [];
    this.socket?.close();
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ muted }));
  }

  async playoutDelay() {
    return this.connected ? this.buffered + this.speaker.latency : null;
  }

  /**
   * @param {AudioContext} context
   * @param {WebSocket} socket
   */
  #wire(context, socket) {
    const stream = /** @type {MediaStream} */ (this.microphone.stream);
    const source = context.createMediaStreamSource(stream);
    const mono = { channelCount: 1, channelCountMode: /** @type {const} */ ("explicit") };
    const capture = new AudioWorkletNode(context, "capture", { ...mono, numberOfOutputs: 0 });
    const playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    source.connect(capture);
    playback.connect(this.speaker.input);
    this.nodes = [source, capture, playback];
    capture.port.onmessage = (event) => this.#send(event.data);
    playback.port.onmessage = (event) => {
      this.buffered = event.data;
    };
    socket.onmessage = (event) => {
      if (typeof event.data === "string") this.speaker.obey(event.data);
      else this.#play(playback, event.data);
    };
  }

  /** @param {ArrayBuffer} pcm one frame; dropped when the network doesn't keep up, for late speech is worse than lost */
  #send(pcm) {
    const { socket } = this;
    const counter = this.sent++ >>> 0;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MOST_BUFFERED_BYTES) return;
    const message = new Uint8Array(HEADER_BYTES + FRAME_BYTES);
    message[0] = PCM;
    new DataView(message.buffer).setUint32(1, counter);
    message.set(new Uint8Array(pcm), HEADER_BYTES);
    socket.send(message);
  }

  /**
   * @param {AudioWorkletNode} playback
   * @param {ArrayBuffer} data
   */
  #play(playback, data) {
    if (data.byteLength !== HEADER_BYTES + FRAME_BYTES || new Uint8Array(data)[0] !== PCM) return;
    const pcm = data.slice(HEADER_BYTES);
    playback.port.postMessage(pcm, [pcm]);
  }

  #lost() {
    if (this.closed) return;
    this.close();
    this.onLost();
  }
}

/**
 * @param {string} address
 * @returns {Promise<WebSocket>}
 */
function opened(address) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    const timer = setTimeout(() => socket.close(), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve(socket);
    };
    socket.onclose = () => {
      clearTimeout(timer);
      reject(new Error("the audio websocket did not open"));
    };
  });
}
