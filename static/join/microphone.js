/** The participant's microphone: asking for it, choosing one, metering it, getting it back. */

import { recall, remember } from "../shared/storage.js";

/** @typedef {"refused" | "missing" | "busy" | "insecure"} MicrophoneFault */

export class MicrophoneError extends Error {
  /** @param {MicrophoneFault} fault */
  constructor(fault) {
    super(fault);
    this.fault = fault;
  }
}

const DEVICE = "microphone";

export class Microphone {
  constructor() {
    /** @type {MediaStream | null} */
    this.stream = null;
    this.muted = false;
    /** @type {() => void} called when the device is gone */
    this.onLost = () => {};
  }

  /** @returns {MediaStreamTrack | null} */
  get track() {
    return this.stream?.getAudioTracks()[0] ?? null;
  }

  /** @returns {string} */
  get deviceId() {
    return this.track?.getSettings().deviceId ?? "";
  }

  /**
   * Ask for the microphone; the one chosen before, where it is still there.
   * @param {string} [deviceId]
   * @returns {Promise<void>} rejects with MicrophoneError
   */
  async open(deviceId = recall(DEVICE) ?? "") {
    if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError("insecure");
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const chosen = deviceId ? { ...audio, deviceId: { ideal: deviceId } } : audio;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: chosen });
    } catch (error) {
      throw new MicrophoneError(faultOf(error));
    }
    this.close();
    this.stream = stream;
    const track = /** @type {MediaStreamTrack} */ (this.track);
    track.enabled = !this.muted;
    track.onended = () => this.onLost();
    if (deviceId) remember(DEVICE, deviceId);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.track) this.track.enabled = !muted;
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.stream = null;
  }

  /** @returns {Promise<{id: string, label: string}[]>} */
  async choices() {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices
      .filter((device) => device.kind === "audioinput" && device.deviceId)
      .map((device, index) => ({ id: device.deviceId, label: device.label || `Microphone ${index + 1}` }));
  }
}

/**
 * Measure a stream ten times a second.
 * @param {AudioContext} context
 * @param {MediaStream} stream
 * @param {(dbfs: number) => void} onLevel −90–0
 * @returns {() => void} stops it
 */
export function meter(context, stream, onLevel) {
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let power = 0;
    for (const sample of samples) power += sample * sample;
    onLevel(Math.max(-90, 10 * Math.log10(power / samples.length + 1e-9)));
  }, 100);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/**
 * @param {unknown} error
 * @returns {MicrophoneFault}
 */
function faultOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "busy";
}
