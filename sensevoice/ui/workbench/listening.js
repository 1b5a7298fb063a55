// @ts-check
// Which of the two channels of a call is heard, where each was recognised on its own: the chosen one in both ears.
import { make } from "./dom.js";

const SIDES = ["left", "right"];

/** @param {any} app @param {HTMLMediaElement[]} elements that play */
export function channelChoice(app, elements) {
  const { t } = app;
  const element = make("select", { className: "svw-select svw-side-choice", "aria-label": t("listenTo"), title: t("listenTo"), hidden: true });
  /** @type {{ splitter: AudioNode, merger: AudioNode }[]} */
  let graph = [];
  /** @type {AudioContext | null} */
  let context = null;

  // Only when somebody chooses: a browser lets nothing sound through it before a click, and it cannot be left again.
  function build() {
    const made = (context = new AudioContext());
    graph = elements.map((each) => {
      const [source, splitter, merger] = [made.createMediaElementSource(each), made.createChannelSplitter(2), made.createChannelMerger(2)];
      // Two channels whatever is played next: of one, a splitter would leave the right ear nothing.
      source.connect(new GainNode(made, { channelCount: 2, channelCountMode: "explicit" })).connect(splitter);
      merger.connect(made.destination);
      return { splitter, merger };
    });
  }

  function route() {
    const side = SIDES.indexOf(element.value);
    if (!context && side < 0) return;
    if (!context) build();
    context?.resume();
    for (const { splitter, merger } of graph) {
      splitter.disconnect();
      for (const ear of [0, 1]) splitter.connect(merger, side < 0 ? ear : side, ear);
    }
  }

  function draw() {
    const present = SIDES.filter((side) => app.rows.some((/** @type {any} */ row) => row.channel === side));
    element.hidden = present.length < 2;
    const chosen = element.hidden ? "" : element.value;
    const named = present.map((side) => [side, app.who(app.rows.find((/** @type {any} */ row) => row.channel === side))]);
    const options = [["", t("bothChannels")], ...named].map(([value, name]) => make("option", { value, selected: value === chosen }, name));
    element.replaceChildren(...options);
    route();
  }

  element.addEventListener("change", route);
  for (const event of ["rows", "details"]) app.on(event, draw);
  app.on("job", () => (element.value = ""));
  return { element };
}
