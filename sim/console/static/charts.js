// Draws the charts of a page, and of parts that arrive later; no text is evaluated as code (ast).
"use strict";
const drawing = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
const views = new Map();

const draw = (place, spec) =>
  vegaEmbed(place, spec, drawing).then((drawn) => views.set(place.id, drawn.view)).catch((error) => {
    place.textContent = String(error);
  });

// A chart is drawn when it comes near the window.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    near.unobserve(entry.target);
    draw(entry.target, JSON.parse(entry.target.closest("[data-specs]").dataset.specs)[entry.target.id]);
  }
}, { rootMargin: "600px" });

const watch = (part) => {
  for (const place of part.querySelectorAll("[data-specs] .chart")) near.observe(place);
  for (const told of part.querySelectorAll("[data-rows]")) grow(JSON.parse(told.dataset.rows));
};

// New rows go into charts that stand already, so that nothing flickers.
const grow = (rows) => {
  for (const [id, values] of Object.entries(rows)) {
    const view = views.get(id);
    if (view) view.data("rows", values).runAsync();
  }
};

document.addEventListener("DOMContentLoaded", () => {
  document.fonts.ready.then(() => watch(document));
  document.body.addEventListener("htmx:afterSwap", (event) => watch(event.detail.target));
  document.body.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.target.dataset.failed) detail.target.textContent = detail.target.dataset.failed;
  });
  document.body.addEventListener("htmx:sseMessage", (event) => watch(event.target));
});
