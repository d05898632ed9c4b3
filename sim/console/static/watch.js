// Plays the economy of a run: frames come as one document, pictures are drawn here.
"use strict";
const NS = "http://www.w3.org/2000/svg";
// Height of a series' row.
const ROW = 44;

addEventListener("DOMContentLoaded", async () => {
  const stage = document.getElementById("stage");
  if (!stage) return;
  const told = await (await fetch(stage.dataset.src)).json(), words = JSON.parse(stage.dataset.words);
  const drawn = told.pictures.map((picture) => {
    const panel = { ...told, ...picture, words };
    const draw = { network, book, fleet, counts: lines }[picture.kind](panel_of(stage, panel), panel);
    for (const legend of document.querySelectorAll(`[data-of="${picture.kind}"]`)) {
      legend.hidden = false;
      stage.append(legend);
    }
    return draw;
  });
  new Player(told, (at) => drawn.forEach((draw) => draw(at))).show();
});

// A picture of its own in the page, under a heading that says what it shows.
function panel_of(stage, told) {
  const heading = document.createElement("h2");
  heading.textContent = told.words[told.kind];
  const size = { network: [960, 420], fleet: [told.width, told.height] }[told.kind] || [Math.max(320, stage.clientWidth), 0];
  const names = told.series ? Object.keys(told.series).filter((name) => told.kind !== "book" || name !== "bad") : [];
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1] || ROW * names.length}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", heading.textContent);
  svg.setAttribute("class", "stage");
  told.wide = size[0];
  stage.append(heading, svg);
  return svg;
}

class Player {
  constructor(told, draw) {
    Object.assign(this, { told, draw, at: 0, timer: null });
    this.day = document.getElementById("day");
    this.slider = document.getElementById("frame");
    this.slider.max = told.frames - 1;
    this.slider.addEventListener("input", () => { this.at = Number(this.slider.value); this.show(); });
    document.getElementById("play").addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    document.getElementById("step").addEventListener("click", () => { this.pause(); this.next(); });
    document.getElementById("speed").addEventListener("change", () => { if (this.timer) { this.pause(); this.play(); } });
  }
  play() {
    if (this.at >= this.told.frames - 1) this.at = -1;
    const speed = Number(document.getElementById("speed").value);
    this.timer = setInterval(() => this.next(), 800 / speed);
    document.getElementById("play").setAttribute("aria-pressed", "true");
  }
  pause() {
    clearInterval(this.timer);
    this.timer = null;
    document.getElementById("play").setAttribute("aria-pressed", "false");
  }
  next() {
    if (this.at >= this.told.frames - 1) return this.pause();
    this.at += 1;
    this.show();
  }
  show() {
    this.slider.value = this.at;
    this.day.textContent = this.at * this.told.step_days;
    this.draw(this.at);
  }
}

function element(parent, name, attributes) {
  const one = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  parent.append(one);
  return one;
}

function network(stage, told) {
  const links = told.links.map(([buyer, seller]) => {
    const a = told.nodes[buyer], b = told.nodes[seller];
    return element(stage, "line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "link" });
  });
  for (const node of told.nodes) {
    const dot = element(stage, "circle", { cx: node.x, cy: node.y, r: 9 - 1.6 * node.tier, class: `node tier${node.tier}` });
    element(dot, "title", {}).textContent = node.name;
  }
  return (at) => {
    const now = told.states[at] || {};
    links.forEach((link, index) => link.setAttribute("class", `link ${now[index] || ""}`));
  };
}

function fleet(stage, told) {
  const dots = new Map();
  element(stage, "path", { class: "ruler", d: `M16,${told.height - 12}h${told.ruler.length}` });
  element(stage, "text", { class: "label", x: 16, y: told.height - 20 }).textContent = told.ruler.text;
  const numbers = new Set(Object.values(told.places).flatMap((places) => Object.keys(places)));
  for (const number of numbers) {
    const dot = element(stage, "circle", { r: 5, class: "node", visibility: "hidden" });
    element(dot, "title", {}).textContent = `${told.words.machine ?? ""} ${number}`.trim();
    dots.set(number, dot);
  }
  // A machine that says nothing stays where it was heard of last.
  return (at) => {
    const warned = new Set((told.alerts[at] || []).map(String));
    for (const [number, dot] of dots) {
      let step = at;
      while (step >= 0 && !told.places[step]?.[number]) step -= 1;
      dot.setAttribute("visibility", step < 0 ? "hidden" : "visible");
      if (step < 0) continue;
      const [x, y] = told.places[step][number];
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      dot.setAttribute("class", warned.has(number) ? "node warned" : "node machine");
    }
  };
}

// Fen as money, short enough to stand at the end of a row.
function book(stage, told) {
  const { balance, bad, ...moved } = told.series;
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });
  return lines(stage, { ...told, series: { balance, ...moved } }, (fen) => `¥${short.format(fen / 100)}`);
}

// Each series as a line in a row of its own: all of it faint, and strong up to the day that is shown.
function lines(stage, told, text = (value) => value.toLocaleString()) {
  const left = Math.min(180, told.wide / 3), right = told.wide - 84, wide = right - left;
  const rows = Object.entries(told.series).map(([name, values], index) => {
    const foot = ROW * (index + 1) - 8, most = Math.max(1, ...values.map(Math.abs));
    const points = values.map((value, step) => {
      const x = left + (step / Math.max(1, told.frames - 1)) * wide;
      return `${x.toFixed(1)},${(foot - (value / most) * (ROW - 16)).toFixed(1)}`;
    });
    element(stage, "text", { x: 8, y: foot, class: "label" }).textContent = told.words[name] || name;
    element(stage, "path", { class: "faint", d: `M${points.join("L")}` });
    const path = element(stage, "path", { class: "series" });
    const now = element(stage, "text", { x: told.wide - 8, y: foot, class: "label", "text-anchor": "end" });
    return { values, points, path, now };
  });
  return (at) => rows.forEach(({ values, points, path, now }) => {
    path.setAttribute("d", `M${points.slice(0, at + 1).join("L")}`);
    now.textContent = text(values[at]);
  });
}
