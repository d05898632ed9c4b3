// Draws the charts of a page, and of parts that arrive later; no text is evaluated as code (ast).
"use strict";
const drawing = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
const views = new Map();

// Charts that came near before their first rows, by place; and the newest rows of all that grow.
const waiting = new Map();
let grown = {};

const draw = (place, spec) =>
  vegaEmbed(place, spec, drawing).then((drawn) => views.set(place.id, drawn.view)).catch((error) => {
    place.textContent = String(error);
  });

const show = (place) => {
  const spec = JSON.parse(place.closest("[data-specs]").dataset.specs)[place.id];
  if (spec.data?.name !== "rows") return draw(place, spec);
  waiting.set(place.id, spec);
  grow(grown);
};

// A chart is drawn when it comes near the window.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    near.unobserve(entry.target);
    show(entry.target);
  }
}, { rootMargin: "600px" });

const watch = (part) => {
  for (const place of part.querySelectorAll("[data-specs] .chart")) near.observe(place);
  for (const told of part.querySelectorAll("[data-rows]")) grow(JSON.parse(told.dataset.rows));
};

// New rows go into charts that stand already, so that nothing flickers.
const grow = (rows) => {
  grown = rows;
  for (const [id, values] of Object.entries(rows)) {
    const view = views.get(id), spec = waiting.get(id);
    if (view) view.data("rows", values).runAsync();
    else if (spec && values.length) {
      waiting.delete(id);
      spec.data.values = values;
      draw(document.getElementById(id), spec).then(() => grow(grown));
    }
  }
};

document.addEventListener("DOMContentLoaded", () => {
  document.fonts.ready.then(() => watch(document));
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => detail.target && watch(detail.target));
  document.body.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.target.dataset.failed) detail.target.textContent = detail.target.dataset.failed;
  });
  document.body.addEventListener("htmx:sseMessage", (event) => watch(event.target));
});
