// @ts-check
// What stands behind the tab 概览.
import { make } from "../dom.js";
import { charts } from "./charts.js";
import { highlights } from "./highlights.js";
import { minutes } from "./minutes.js";
import { speakers } from "./speakers.js";

/** @param {any} app */
export function overviewPanel(app) {
  return make("div", {}, app.writes ? minutes(app).element : null, highlights(app).element, charts(app).element, speakers(app).element);
}
