// Plays the economy of a run: frames come as one document, pictures are drawn here.
"use strict";
const NS = "http://www.w3.org/2000/svg";

addEventListener("DOMContentLoaded", async () => {
  const stage = document.getElementById("stage");
  if (!stage) return;
  const told = await (await fetch(stage.dataset.src)).json();
  const draw = { network, book, counts: lines }[told.kind](stage, told);
  new Player(stage, told, draw).show();
});

class Player {
  constructor(stage, told, draw) {
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

function book(stage, told) {
  const { balance, bad, ...moved } = told.series;
  return lines(stage, { ...told, series: { balance, ...moved } });
}

// Each series as a line in a row of its own, up to the day that is shown.
function lines(stage, told) {
  const names = Object.keys(told.series), row = 420 / names.length;
  const paths = names.map((name, index) => {
    element(stage, "text", { x: 8, y: row * index + 14, class: "label" }).textContent = name;
    return element(stage, "path", { class: "series" });
  });
  return (at) => names.forEach((name, index) => {
    const values = told.series[name], most = Math.max(1, ...values.map(Math.abs));
    const points = values.slice(0, at + 1).map((value, step) => {
      const x = (step / Math.max(1, told.frames - 1)) * 940 + 10;
      return `${x.toFixed(1)},${(row * (index + 1) - 4 - (value / most) * (row - 22)).toFixed(1)}`;
    });
    paths[index].setAttribute("d", `M${points.join("L")}`);
  });
}
