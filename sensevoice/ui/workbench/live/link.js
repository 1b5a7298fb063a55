// The connection to the server: keeps every frame until it is on the server's disk, whatever becomes of the line.

const MOST_KEPT = 12000; // frames: 20 minutes, 38 MB
const MOST_ON_THE_WAY = 1 << 20; // bytes that the browser holds unsent
const SILENT_MS = 12000; // a line on which nothing is acknowledged for so long is given up
const PAUSES_MS = [300, 1000, 2000, 5000];
const BUSY_MS = 5000;
const TAKEN_OVER = 4001;

/**
 * `on` is told: ready(session), state(message), lost(frames), line(isUp), captions(token), ended(job),
 * failed(error) when it cannot go on.
 */
export class Link {
  constructor(url, hello, on, Socket = WebSocket) {
    Object.assign(this, { url, hello, on, Socket });
    this.session = hello.type === "resume" ? hello.session : "";
    this.kept = []; // frames from number `first` on
    this.first = 0;
    this.sent = 0;
    this.tail = null;
    this.tries = 0;
    this.isReady = this.isOver = this.isPlaced = false;
    this.connect();
  }

  get count() {
    return this.first + this.kept.length;
  }

  /** Seconds of sound that the server does not have yet. */
  get behind() {
    return this.kept.length / 10;
  }

  push(frame) {
    this.kept.push(frame);
    if (this.kept.length > MOST_KEPT) {
      this.kept.shift();
      this.first += 1;
      this.on.lost?.(1);
    }
    this.pump();
  }

  /** Sends what is left and ends the recording. */
  stop(tail) {
    this.tail = tail;
    this.pump();
  }

  ask(message) {
    if (this.isReady) this.socket.send(JSON.stringify(message));
    return this.isReady;
  }

  close() {
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.socket?.close();
  }

  connect() {
    this.isReady = false;
    const socket = new this.Socket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.session ? { type: "resume", session: this.session } : this.hello));
    socket.onmessage = ({ data }) => socket === this.socket && this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.again(code);
    this.guard();
  }

  again(code) {
    this.isReady = false;
    clearTimeout(this.watch);
    if (this.isOver) return;
    if (code === TAKEN_OVER) return this.fail({ code: "takenOver" });
    this.on.line?.(false);
    this.timer = setTimeout(() => this.connect(), this.pause ?? PAUSES_MS[Math.min(this.tries++, PAUSES_MS.length - 1)]);
    this.pause = undefined;
  }

  // A line through a tunnel can be dead without either end knowing.
  guard() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => {
      if (this.isReady && !this.kept.length && !this.tail) return this.guard();
      const socket = this.socket;
      this.socket = null;
      socket.close();
      this.again(0);
    }, SILENT_MS);
  }

  hear(message) {
    this.guard();
    if (message.type === "ready") this.ready(message);
    else if (message.type === "state") {
      this.forget(message.next);
      this.on.state?.(message);
    } else if (message.type === "resend") {
      this.forget(message.next);
      this.place(message.next);
    } else if (message.type === "captions") this.on.captions?.(message.token);
    else if (message.type === "ended") {
      this.close();
      this.on.ended?.(message.job);
    } else if (message.type === "error") this.refused(message);
  }

  ready({ session, next }) {
    this.session = session;
    this.tries = 0;
    this.isReady = true;
    if (!this.isPlaced && this.hello.type === "resume") this.first = next; // begun by a page that is gone
    this.isPlaced = true;
    this.on.ready?.(session);
    this.on.line?.(true);
    this.forget(next);
    this.place(next);
  }

  // Sends from a frame on; those that are gone become silence, so that all others keep their time.
  place(next) {
    if (next < this.first) this.ask({ type: "lost", first: next, end: this.first });
    this.sent = Math.max(next, this.first);
    this.stopSent = false;
    this.pump();
  }

  forget(next) {
    const gone = Math.min(this.kept.length, next - this.first);
    if (gone <= 0) return;
    this.kept.splice(0, gone);
    this.first += gone;
  }

  pump() {
    if (!this.isReady) return;
    if (this.sent < this.first) return this.place(this.sent);
    for (; this.sent < this.count; this.sent += 1) {
      if (this.socket.bufferedAmount > MOST_ON_THE_WAY) return void setTimeout(() => this.pump(), 100);
      this.socket.send(numbered(this.sent, this.kept[this.sent - this.first]));
    }
    if (this.tail && !this.stopSent) {
      this.stopSent = true;
      this.ask({ type: "stop", frames: this.count, tail: base64(this.tail) });
    }
  }

  refused(error) {
    if (!error.fatal) return this.on.trouble?.(error);
    if (error.code === "live_busy" && this.session) {
      this.pause = BUSY_MS; // whoever has begun waits for a place, and loses nothing
      return this.on.trouble?.(error);
    }
    this.fail(error);
  }

  fail(error) {
    this.close();
    this.on.failed?.(error);
  }
}

function numbered(number, frame) {
  const data = new Uint8Array(4 + frame.byteLength);
  new DataView(data.buffer).setUint32(0, number, true);
  data.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), 4);
  return data.buffer;
}

function base64(samples) {
  return btoa(String.fromCharCode(...new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)));
}
