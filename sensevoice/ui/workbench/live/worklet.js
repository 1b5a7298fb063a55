// Runs beside the sound: any rate in, frames of 100 ms at 16 kHz out, as whole numbers of 16 bits.
const RATE = 16000;
const FRAME = 1600;
const HALF = 16; // zero crossings on either side: what would be heard as another tone is 70 dB softer

// Windowed sinc (Blackman), low-pass below half of the lower rate.
class Resampler {
  constructor(from) {
    this.step = from / RATE;
    this.cutoff = Math.min(1, 1 / this.step) * 0.94;
    this.half = Math.ceil(HALF / this.cutoff);
    this.kept = new Float32Array(this.half); // silence before the first sample
    this.at = this.half; // of the next sample to come out, in those that are kept
  }

  push(samples) {
    const all = new Float32Array(this.kept.length + samples.length);
    all.set(this.kept);
    all.set(samples, this.kept.length);
    const out = [];
    for (; this.at + this.half < all.length; this.at += this.step) out.push(this.value(all, this.at));
    const first = Math.max(0, Math.floor(this.at) - this.half);
    this.kept = all.slice(first);
    this.at -= first;
    return out;
  }

  value(all, at) {
    let sum = 0;
    let weights = 0;
    for (let index = Math.max(0, Math.ceil(at - this.half)); index <= at + this.half; index++) {
      const x = index - at;
      const turn = (Math.PI * x) / this.half;
      const window = 0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
      const angle = Math.PI * x * this.cutoff;
      const weight = window * (x === 0 ? 1 : Math.sin(angle) / angle);
      sum += all[index] * weight;
      weights += weight;
    }
    return sum / weights;
  }
}

class Frames extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = sampleRate === RATE ? null : new Resampler(sampleRate);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.peak = 0;
    this.port.onmessage = () => {
      this.port.postMessage({ tail: this.frame.slice(0, this.filled) });
      this.ended = true;
    };
  }

  process([input]) {
    if (this.ended) return false;
    const channels = input.length;
    if (!channels) return true; // nothing is connected yet, or any more
    const mixed = input[0].slice();
    for (let channel = 1; channel < channels; channel++) for (let i = 0; i < mixed.length; i++) mixed[i] += input[channel][i];
    if (channels > 1) for (let i = 0; i < mixed.length; i++) mixed[i] /= channels;
    for (const value of this.resampler ? this.resampler.push(mixed) : mixed) this.add(value);
    return true;
  }

  add(value) {
    const limited = Math.max(-1, Math.min(1, value));
    this.peak = Math.max(this.peak, Math.abs(limited));
    this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(limited * 32768)));
    if (this.filled < FRAME) return;
    this.port.postMessage({ frame: this.frame, peak: this.peak }, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.peak = 0;
  }
}

registerProcessor("sv-frames", Frames);
