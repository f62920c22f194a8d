// One clock for mouth and ear: the page gets a single audio context, in which a microphone speaks what it is given and
// everything that goes to the loudspeaker is recorded beside it, sample by sample. The page itself is unchanged.
(() => {
  const RATE = 48000;
  const stage = (window.stage = { saying: 0, loud: 0, rendered: Infinity, sounded: [] });
  const Context = window.AudioContext;
  const connect = AudioNode.prototype.connect;
  const blocks = [];
  let context;
  let recorder;
  let stand;

  const RECORDER = `registerProcessor("two-channels", class extends AudioWorkletProcessor {
    constructor() { super(); this.block = new Int16Array(2 * 4800); this.filled = 0; }
    process([mouth, ear]) {
      for (let place = 0; place < 128; place++) {
        this.block[this.filled++] = 32767 * Math.max(-1, Math.min(1, mouth[0]?.[place] ?? 0));
        this.block[this.filled++] = 32767 * Math.max(-1, Math.min(1, ear[0]?.[place] ?? 0));
        if (this.filled === this.block.length) {
          this.port.postMessage({ block: this.block.slice(), end: currentFrame + place + 1 });
          this.filled = 0;
        }
      }
      return true;
    }
  })`;

  window.AudioContext = function () {
    context ??= new Context({ sampleRate: RATE, latencyHint: "interactive" });
    recorder ??= record();
    return context;
  };

  async function record() {
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
    const shape = { numberOfInputs: 2, channelCount: 1, channelCountMode: "explicit" };
    const node = new AudioWorkletNode(context, "two-channels", shape);
    node.port.onmessage = ({ data }) => {
      blocks.push(data.block);
      // The wall clock of the first sample: as it was rendered, and as it was to be heard.
      const end = performance.timeOrigin + performance.now() - (1000 * data.end) / RATE;
      stage.rendered = Math.min(stage.rendered, end);
      const { contextTime, performanceTime } = context.getOutputTimestamp();
      if (contextTime) stage.sounded.push(performance.timeOrigin + performanceTime - 1000 * contextTime);
      const ear = data.block.filter((_, place) => place % 2 === 1);
      if (ear.some((sample) => Math.abs(sample) > 300)) stage.loud += 1;
    };
    connect.call(node, context.destination);
    return node;
  }

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) recorder.then((node) => connect.call(this, node, 0, 1));
    return connect.call(this, target, ...rest);
  };

  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const device = await ask(constraints);
    for (const track of device.getTracks()) track.stop();
    new window.AudioContext();
    stand ??= room();
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    stand.connect(destination);
    return destination.stream;
  };

  /** Where the participant stands: in a room that is never quite silent. */
  function room() {
    const tone = new AudioBuffer({ length: RATE, sampleRate: RATE });
    tone.copyToChannel(Float32Array.from({ length: RATE }, () => 0.0004 * (Math.random() - 0.5)), 0);
    const hum = new AudioBufferSourceNode(context, { buffer: tone, loop: true });
    const place = new GainNode(context);
    hum.connect(place);
    hum.start();
    recorder.then((node) => connect.call(place, node, 0, 0));
    return place;
  }

  stage.begin = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(bytes.buffer) });
    source.connect(stand);
    stage.saying += 1;
    source.onended = () => (stage.saying -= 1);
    source.start();
    return performance.now();
  };

  /** The wall clock of the first sample, rendered and heard, in milliseconds. */
  stage.clock = () => {
    const sounded = [...stage.sounded].sort((one, other) => one - other);
    return [stage.rendered, sounded[Math.floor(sounded.length / 2)]];
  };

  /** The two channels since the last call, interleaved, 16 bits. */
  stage.take = () => {
    const taken = blocks.splice(0);
    let text = "";
    for (const block of taken) {
      const bytes = new Uint8Array(block.buffer);
      for (let start = 0; start < bytes.length; start += 8192) {
        text += String.fromCharCode(...bytes.subarray(start, start + 8192));
      }
    }
    return btoa(text);
  };
})();
