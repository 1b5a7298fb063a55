// The list of jobs: what waits, what runs, what was done.
import { button, clock, make } from "./dom.js";

const BUSY_MS = 1500;
const IDLE_MS = 15000;

export function jobs(app) {
  const { t, api } = app;
  const body = make("div", { className: "svw-jobs" });
  const lost = make("p", { className: "svw-lost", role: "status", hidden: true }, t("lost"));
  const summary = make("summary", {}, t("jobs"));
  const element = make("details", { className: "svw-history" }, summary, lost, body);
  let timer = 0;

  function state(job) {
    if (job.state === "queued") return job.ahead ? `${t("queued")} · ${t("ahead", { n: job.ahead })}` : t("queued");
    if (job.state !== "running") return t(job.state);
    const percent = job.fraction === null ? "" : ` ${Math.floor(job.fraction * 100)} %`;
    const left = job.left_s === null ? "" : ` · ${t("left", { n: Math.max(1, Math.round(job.left_s)) })}`;
    return t("running") + percent + left;
  }

  function line(job) {
    const busy = job.state === "queued" || job.state === "running";
    const rename = () => {
      const name = window.prompt(t("newName"), job.name);
      if (name) app.attempt(() => api.patch(`jobs/${job.id}`, { name })).then(refresh);
    };
    const remove = async () => {
      if (!window.confirm(t("removeSure"))) return;
      if (app.job?.id === job.id) app.close(); // before its sound is gone
      if (await app.attempt(() => api.remove(`jobs/${job.id}`))) app.tell(t("deleted"));
      refresh();
    };
    const tags = job.tags.filter((tag) => app.label(tag.name)).slice(0, 3);
    return make(
      "div",
      { className: job.id === app.job?.id ? "svw-job svw-now" : "svw-job", data: { job: job.id } },
      button(job.name, () => app.open(job.id), { className: "svw-name", title: job.name }),
      make("span", { className: job.state === "failed" ? "svw-bad" : "" }, job.error ? job.error[app.reader] : state(job)),
      make("span", { className: "svw-quiet" }, job.duration_ms ? clock(job.duration_ms) : ""),
      make("span", { className: "svw-quiet" }, new Date(job.created_s * 1000).toLocaleString()),
      make("span", {}, tags.map((tag) => `${app.label(tag.name)} ${tag.count}`).join(" · ")),
      make(
        "span",
        { className: "svw-row" },
        busy ? button(t("cancel"), () => app.attempt(() => api.post(`jobs/${job.id}/cancel`)).then(refresh)) : null,
        button(t("rename"), rename),
        button(t("remove"), remove),
      ),
    );
  }

  async function refresh() {
    clearTimeout(timer);
    let pause = IDLE_MS;
    try {
      const response = await api.get("jobs");
      lost.hidden = true;
      const having = (state) => response.jobs.filter((job) => job.state === state).length;
      const busy = ["running", "queued"].filter(having);
      const counted = busy.map((state) => ` · ${t(state)} ${having(state)}`).join("");
      summary.textContent = `${t("jobs")} ${response.jobs.length}${counted}`;
      const lines = response.jobs.map(line);
      body.replaceChildren(...(lines.length ? lines : [make("p", { className: "svw-quiet" }, t("noJobs"))]));
      if (busy.length) pause = BUSY_MS;
    } catch {
      lost.hidden = false;
      pause = 5000;
    }
    timer = setTimeout(refresh, pause);
  }

  app.on("job", refresh);
  app.on("finished", refresh);
  return { element, refresh };
}
