// A microphone that a test speaks into, an ear at the page's loudspeaker, and a note of when captions changed.
// Asking for the microphone, and being refused, stay the browser's own: only the sound of the device is replaced,
// and not even that when the device itself speaks.
((deviceSpeaks) => {
  const stage = (window.stage = { captions: [], loud: 0, level: -120, saying: 0 });
  let context;
  let stand;

  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  if (!deviceSpeaks) navigator.mediaDevices.getUserMedia = async (constraints) => {
    const device = await ask(constraints);
    for (const track of device.getTracks()) track.stop();
    context ??= new AudioContext({ sampleRate: 48000 });
    stand ??= room();
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    stand.connect(destination);
    return destination.stream;
  };

  /** Where the participant stands: in a room that is never quite silent. */
  function room() {
    const tone = new AudioBuffer({ length: context.sampleRate, sampleRate: context.sampleRate });
    tone.copyToChannel(Float32Array.from({ length: tone.length }, () => 0.0004 * (Math.random() - 0.5)), 0);
    const hum = new AudioBufferSourceNode(context, { buffer: tone, loop: true });
    const place = new GainNode(context);
    hum.connect(place);
    hum.start();
    return place;
  }

  /** Begin to speak a WAV file; returns when its first sample sounds, on performance.now(). */
  stage.begin = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(bytes.buffer) });
    source.connect(stand);
    stage.saying += 1;
    source.onended = () => (stage.saying -= 1);
    source.start();
    return performance.now();
  };

  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode && this.context !== context) listen(this);
    return connect.call(this, target, ...rest);
  };

  function listen(node) {
    const analyser = new AnalyserNode(node.context, { fftSize: 2048 });
    connect.call(node, analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      stage.level = 10 * Math.log10(power + 1e-12);
      if (stage.level > -45) stage.loud += 1;
    }, 50);
  }

  let shown = "";
  new MutationObserver(() => {
    const text = document.querySelector(".line.participant.in-flux .line-text")?.textContent ?? "";
    if (text && text !== shown) stage.captions.push({ at: performance.now(), text, saying: stage.saying });
    shown = text;
  }).observe(document, { subtree: true, childList: true, characterData: true });
})
