// The sound of a microphone, of what a tab or the machine plays, or of both, in frames of 100 ms at 16 kHz.

const RATE = 16000;

export class SoundError extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
  }
}

/** Whether this browser lets this page hear anything: the reason why not, or nothing. */
export function obstacle() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) return "oldBrowser";
  return "";
}

export const canShare = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

export async function microphones() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId);
}

async function heard(ask) {
  try {
    return await ask();
  } catch (error) {
    const codes = { NotAllowedError: "notAllowed", NotFoundError: "notFound", NotReadableError: "inUse", OverconstrainedError: "notFound" };
    throw new SoundError(codes[error.name] ?? "noSound", `${error.name}: ${error.message}`);
  }
}

function microphone(deviceId, beside) {
  const audio = { channelCount: 1, echoCancellation: beside, noiseSuppression: false, autoGainControl: true };
  if (deviceId) audio.deviceId = { exact: deviceId };
  return heard(() => navigator.mediaDevices.getUserMedia({ audio }));
}

async function shared() {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await heard(() => navigator.mediaDevices.getDisplayMedia({ video: true, audio, systemAudio: "include" }));
  if (stream.getAudioTracks().length) return stream;
  for (const track of stream.getTracks()) track.stop();
  throw new SoundError("noSharedSound");
}

/**
 * Begins to hear. `onframe` gets an Int16Array and its peak, 0 to 1; `onend` when the source has gone.
 * @param {{ kind: "microphone" | "shared" | "both", deviceId?: string, worklet: string, onframe: (frame: Int16Array, peak: number) => void, onend: () => void }} wanted
 */
export async function listen({ kind, deviceId, worklet, onframe, onend }) {
  const streams = [];
  try {
    // What is shared first: browsers want the click to be fresh for it.
    if (kind !== "microphone") streams.push(await shared());
    if (kind !== "shared") streams.push(await microphone(deviceId, kind === "both"));
    const { context, node } = await connected(streams, worklet);
    node.port.onmessage = ({ data }) => data.frame && onframe(data.frame, data.peak);
    for (const stream of streams) for (const track of stream.getAudioTracks()) track.addEventListener("ended", onend);
    return { stop: () => stopped(context, node, streams), context };
  } catch (error) {
    for (const stream of streams) for (const track of stream.getTracks()) track.stop();
    throw error;
  }
}

// At 16 kHz from the start where the browser converts, which Firefox refuses to do for a microphone.
async function connected(streams, worklet) {
  for (const settings of [{ sampleRate: RATE }, {}]) {
    const context = new AudioContext(settings);
    try {
      await context.audioWorklet.addModule(worklet);
      const node = new AudioWorkletNode(context, "sv-frames", { channelCountMode: "max" });
      for (const stream of streams) context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(node);
      node.connect(context.destination); // silence; without it some browsers do not run the node
      await context.resume();
      return { context, node };
    } catch (error) {
      await context.close();
      if (!settings.sampleRate) throw new SoundError("noSound", String(error));
    }
  }
}

/** Returns what is left of a frame. */
async function stopped(context, node, streams) {
  const tail = await new Promise((done) => {
    const before = node.port.onmessage;
    node.port.onmessage = (event) => (event.data.tail ? done(event.data.tail) : before(event));
    node.port.postMessage("end");
    setTimeout(() => done(new Int16Array(0)), 1000);
  });
  for (const stream of streams) for (const track of stream.getTracks()) track.stop();
  await context.close().catch(() => {});
  return tail;
}
