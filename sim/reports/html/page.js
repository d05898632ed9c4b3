// Draws each chart from its data when it comes near the window; the tables need no script.
"use strict";
const charts = JSON.parse(document.getElementById("charts").textContent);
const options = {
  mode: "vega-lite",
  renderer: "svg",
  actions: false,
  ast: true,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};
const draw = (place) => vegaEmbed(place, charts[place.id], options).catch((error) => {
  place.textContent = String(error);
});
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    seen.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "600px" });
const places = document.querySelectorAll(".chart");
document.fonts.ready.then(() => places.forEach((place) => seen.observe(place)));
window.addEventListener("beforeprint", () => places.forEach((place) => {
  if (!place.firstChild) draw(place);
}));
