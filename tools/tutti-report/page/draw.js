// SPDX-License-Identifier: Apache-2.0
// What the drawings are made of. Texts are always set as text, never as HTML: names of hosts may be anything.
'use strict';

const facts = JSON.parse(document.getElementById('facts').textContent);

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function svg(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A drawing of fixed inner width, scaled to its place, with a text for those who cannot see it.
function canvas(width, height, label) {
  return svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label});
}

function text(x, y, content, attributes) {
  return svg('text', {x, y, ...attributes}, String(content));
}

function tip(element, content) {
  element.append(svg('title', {}, content));
  return element;
}

// "2.1 ms": three digits at most.
function duration(ns) {
  const units = [['s', 1e9], ['ms', 1e6], ['us', 1e3]];
  for (const [unit, size] of units) {
    if (ns >= 0.9995 * size) {
      const value = ns / size;
      return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
    }
  }
  return `${Math.round(ns)} ns`;
}

// For axes: "1 ms", "500 us".
function shortDuration(ns) {
  return ns === 0 ? '0' : duration(ns).replace(/\.0+ /, ' ').replace(/(\.\d*?)0+ /, '$1 ');
}

function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    ++unit;
  }
  return `${Number.isInteger(n) ? n : n.toFixed(1)} ${units[unit]}`;
}

// Of a kind of operation.
function sizes(kind) {
  const to = kind.max_bytes < 1024 ? kind.max_bytes : kind.max_bytes + 1;
  return kind.min_bytes === to ? bytes(to) : `${bytes(kind.min_bytes)} to ${bytes(to)}`;
}

function percent(part) {
  return `${(100 * part).toFixed(part < 0.0995 && part > 0 ? 1 : 0)} %`;
}

function count(n) {
  return n.toLocaleString('en-US');
}

const hosts = new Map(facts.ranks.map(rank => [rank.rank, rank.host]));
function rankName(rank) {
  return hosts.has(rank) ? `rank ${rank} on ${hosts.get(rank)}` : `rank ${rank}`;
}

// Ranks keep their colours throughout; the most blamed get the clearest ones.
const rankColours = ['#d9822b', '#2f6fb3', '#8a5cc2', '#2a9d72', '#b5395a', '#4a9fb0', '#a08a2b', '#6b7bd6'];
const colourOfRank = new Map();
facts.late_ranks.slice(0, rankColours.length).forEach((late, i) => colourOfRank.set(late.rank, rankColours[i]));
function rankColour(rank) {
  return rank === null ? 'var(--queue)' : colourOfRank.get(rank) || 'var(--queue)';
}

const parts = [
  ['waited', 'waiting for a late rank', 'var(--wait)'],
  ['moved', 'moving bytes', 'var(--move)'],
  ['reduced', 'reducing', 'var(--reduce)'],
  ['coded', 'encoding and decoding', 'var(--code)'],
  ['queued', 'queueing behind other operations', 'var(--queue)'],
];

// As they are drawn one after the other: queueing comes first.
const inOrderOfTime = [parts[parts.length - 1], ...parts.slice(0, -1)];

function legend(entries) {
  const items = entries.map(([name, colour]) => {
    const swatch = html('i');
    swatch.style.background = colour;
    return html('span', {}, swatch, name);
  });
  return html('div', {class: 'legend'}, ...items);
}

function show(id, ...content) {
  document.querySelector(`#${id} .chart`).replaceChildren(...content);
}

function nothing(id, why) {
  show(id, html('p', {class: 'none'}, why));
}

// Buttons of which one is pressed. `choose` is called with the index, at first with 0.
function choices(id, names, choose) {
  const buttons = names.map((name, i) => {
    const button = html('button', {type: 'button'}, name);
    button.addEventListener('click', () => press(i));
    return button;
  });
  function press(i) {
    buttons.forEach((button, k) => button.setAttribute('aria-pressed', String(k === i)));
    choose(i);
  }
  document.querySelector(`#${id} .controls`).replaceChildren(...buttons);
  press(0);
}

// Round steps for an axis from 0 to `most` in units of ns, at most `steps` of them.
function linearTicks(most, steps) {
  const rough = Math.max(most, 1) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(k => k * power).find(k => k >= rough);
  const ticks = [];
  for (let t = 0; t <= most + step * 1e-6; t += step) ticks.push(t);
  return ticks;
}

// Powers of ten, and steps between them where these are few.
function logTicks(low, high) {
  const ticks = [];
  for (let power = low; power <= high; ++power) {
    for (const k of high - low <= 3 ? [1, 2, 5] : [1]) {
      if (k === 1 || power < high) ticks.push(k * 10 ** power);
    }
  }
  return ticks;
}
