// Asking the server. Every failure is an Error whose message is a sentence for the reader.
import { told } from "./i18n.js";

export function client(base, reader) {
  async function ask(path, options = {}) {
    const response = await fetch(`${base}/${path}`, options);
    if (response.ok) return response.json();
    let [sentence, code] = [`HTTP ${response.status}`, ""];
    try {
      const data = await response.json();
      code = data.code ?? "";
      sentence = data.zh && data.en ? told(reader, data) : code || sentence;
    } catch {
      // no JSON: the status has to do
    }
    throw Object.assign(new Error(sentence), { status: response.status, code });
  }
  const send = (method) => (path, body = {}) =>
    ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return { get: (path, options) => ask(path, options), post: send("POST"), patch: send("PATCH"), remove: send("DELETE"), base };
}
