// Small comforts; every page works without them.
"use strict";
const root = document.documentElement;
const kept = localStorage.getItem("theme");
if (kept) root.dataset.theme = kept;

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
  for (const chooser of document.querySelectorAll("[data-submit]"))
    chooser.addEventListener("change", () => chooser.form.submit());
  for (const range of document.querySelectorAll("input[type=range][data-of]")) tie(range);
  const filter = document.getElementById("filter");
  if (filter)
    filter.addEventListener("input", () => {
      for (const one of document.querySelectorAll(".slider"))
        one.hidden = !one.dataset.name.includes(filter.value.trim());
    });
});

// A slider and the field beside it show the same number; what was moved is marked.
function tie(range) {
  const field = document.getElementById(range.dataset.of);
  const mark = () =>
    range.closest(".slider").classList.toggle("moved", Number(field.value) !== Number(field.dataset.packaged));
  range.addEventListener("input", () => { field.value = range.value; mark(); });
  field.addEventListener("input", () => { range.value = field.value; mark(); });
}
