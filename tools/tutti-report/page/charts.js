// SPDX-License-Identifier: Apache-2.0
// The drawings, one function each.

function drawSplit() {
  const time = facts.time_ns;
  const all = parts.reduce((sum, [key]) => sum + time[key], 0);
  if (all === 0) return nothing('split', 'No time was measured.');
  const width = 1080;
  const drawing = canvas(width, 34, 'Shares of the time in operations');
  let x = 0;
  for (const [key, name, colour] of parts) {
    const w = width * time[key] / all;
    drawing.append(tip(svg('rect', {x, y: 0, width: Math.max(w - 1.5, 0), height: 34, rx: 4, fill: colour}),
                       `${name}: ${duration(time[key])}, ${percent(time[key] / all)}`));
    if (w > 60) {
      drawing.append(text(x + w / 2, 22, percent(time[key] / all), {'text-anchor': 'middle', style: 'fill:var(--on);font-weight:600'}));
    }
    x += w;
  }
  show('split', drawing, legend(parts.map(([key, name, colour]) => [`${name}: ${duration(time[key])}`, colour])));
}

function drawBlame() {
  const shown = facts.late_ranks.filter(late => late.cost_ns > 0).slice(0, 8);
  if (shown.length === 0) return nothing('blame', 'Nobody waited for anybody.');
  const width = 520;
  const row = 54;
  const most = shown[0].cost_ns;
  const drawing = canvas(width, shown.length * row, 'Ranks by how long others waited for them');
  shown.forEach((late, i) => {
    const y = i * row;
    const w = Math.max(width * late.cost_ns / most, 2);
    drawing.append(
        text(0, y + 14, rankName(late.rank), {style: 'font-weight:600'}),
        text(width, y + 14, duration(late.cost_ns), {'text-anchor': 'end', style: 'font-weight:600'}),
        tip(svg('rect', {x: 0, y: y + 20, width: w, height: 9, rx: 3, fill: rankColour(late.rank)}),
            `${rankName(late.rank)} cost the others ${duration(late.cost_ns)}`),
        text(0, y + 43,
             `last in ${percent(late.share)} of operations, by ${duration(late.median_late_ns)} at the median, ` +
                 `${duration(late.max_late_ns)} at worst`, {class: 'soft'}));
  });
  show('blame', drawing);
}

// Of many ranks those that are most involved.
function ranksForHeat() {
  const weight = new Map();
  for (const delay of facts.delays) {
    for (const rank of [delay.from, delay.to]) weight.set(rank, (weight.get(rank) || 0) + delay.late_ns);
  }
  const all = facts.size <= 32 ? [...Array(facts.size).keys()]
                               : [...weight.keys()].sort((a, b) => weight.get(b) - weight.get(a)).slice(0, 32);
  return all.sort((a, b) => a - b);
}

function drawHeat() {
  const late = facts.delays.filter(delay => delay.late_ns > 0);
  if (late.length === 0) return nothing('heat', 'Nobody waited for anybody.');
  const ranks = ranksForHeat();
  const left = 64;
  const top = 40;
  const width = 520;
  const cell = Math.min((width - left - 4) / ranks.length, 64);
  const most = Math.max(...late.map(delay => delay.late_ns));
  const drawing = canvas(width, top + cell * ranks.length + 6, 'How long each rank waited for each other one');
  const place = new Map(ranks.map((rank, i) => [rank, i]));
  const step = Math.ceil(ranks.length / 16);
  drawing.append(text(left, 14, 'late rank →', {class: 'axis'}), text(0, top - 6, 'waiting ↓', {class: 'axis'}));
  ranks.forEach((rank, i) => {
    if (i % step !== 0) return;
    drawing.append(text(left + (i + 0.5) * cell, top - 6, rank, {class: 'axis', 'text-anchor': 'middle'}),
                   text(left - 10, top + (i + 0.5) * cell + 4, rank, {class: 'axis', 'text-anchor': 'end'}));
  });
  for (const to of ranks) {
    for (const from of ranks) {
      const x = left + place.get(from) * cell;
      const y = top + place.get(to) * cell;
      const own = from === to;
      drawing.append(svg('rect', {x, y, width: cell - 2, height: cell - 2, rx: Math.min(cell / 8, 5),
                                  fill: own ? 'none' : 'var(--grid)', stroke: own ? 'var(--grid)' : 'none'}));
    }
  }
  for (const delay of late) {
    if (!place.has(delay.from) || !place.has(delay.to)) continue;
    const x = left + place.get(delay.from) * cell;
    const y = top + place.get(delay.to) * cell;
    const strength = Math.sqrt(delay.late_ns / most);
    drawing.append(tip(
        svg('rect', {x, y, width: cell - 2, height: cell - 2, rx: Math.min(cell / 8, 5), fill: `rgba(var(--heat), ${(0.06 + 0.94 * strength).toFixed(3)})`}),
        `rank ${delay.to} waited ${duration(delay.late_ns)} for rank ${delay.from}, in ${count(delay.times_last)} operations, ` +
            `${duration(delay.max_late_ns)} at worst`));
    if (cell >= 52) {
      drawing.append(text(x + (cell - 2) / 2, y + cell / 2 + 3, shortDuration(Number(delay.late_ns.toPrecision(2))),
                          {'text-anchor': 'middle', style: `font-size:11px;pointer-events:none;${strength > 0.6 ? 'fill:var(--on)' : ''}`}));
    }
  }
  const note = facts.size > ranks.length ? `${ranks.length} of ${facts.size} ranks: those with the most waiting.` : '';
  show('heat', drawing, html('p', {class: 'hint'}, note));
}

function drawSlices() {
  const slices = facts.slices.filter(slice => slice.duration_ns > 0);
  if (slices.length === 0) return nothing('slices', 'No operation was recorded.');
  const width = 1080, left = 70, bottom = 34, top = 8, height = 230;
  const most = Math.max(...slices.map(slice => slice.duration_ns));
  const sliceNs = facts.slices.length > 1 ? facts.slices[1].start_ns : Math.max(facts.span_ns, 1);
  const total = sliceNs * facts.slices.length;
  const xOf = ns => left + (width - left) * ns / total;
  const yOf = ns => height - bottom - (height - bottom - top) * ns / most;
  const drawing = canvas(width, height, 'The slowest operation in each slice of time');
  for (const tick of linearTicks(most, 4)) {
    drawing.append(svg('line', {class: 'grid', x1: left, x2: width, y1: yOf(tick), y2: yOf(tick)}),
                   text(left - 8, yOf(tick) + 4, shortDuration(tick), {class: 'axis', 'text-anchor': 'end'}));
  }
  for (const tick of linearTicks(total, 8)) {
    drawing.append(text(xOf(tick), height - bottom + 18, shortDuration(tick), {class: 'axis', 'text-anchor': 'middle'}));
  }
  drawing.append(text(width, height - 2, 'time since the first operation', {class: 'axis', 'text-anchor': 'end'}));
  const w = Math.max((width - left) / facts.slices.length - 1, 1);
  for (const slice of slices) {
    const y = yOf(slice.duration_ns);
    const who = slice.last === null ? '' : `; ${rankName(slice.last)} came last`;
    drawing.append(tip(svg('rect', {x: xOf(slice.start_ns), y, width: w, height: height - bottom - y, rx: 1, fill: rankColour(slice.last)}),
                       `${slice.call} of ${bytes(slice.bytes)}: ${duration(slice.duration_ns)}${who}`));
  }
  const late = [...new Set(slices.map(slice => slice.last))].filter(rank => colourOfRank.has(rank)).sort((a, b) => a - b);
  show('slices', drawing, legend(late.map(rank => [`${rankName(rank)} came last`, rankColour(rank)])));
}

function drawOneOperation(operation) {
  const shown = operation.ranks.length <= 24 ? operation.ranks
                                             : [...operation.ranks].sort((a, b) => a.start_ns - b.start_ns).filter(
                                                   (part, i, all) => i < 12 || i >= all.length - 12);
  const width = 1080, left = 76, row = 30, top = 6;
  const begin = Math.min(...shown.map(part => part.start_ns));
  const span = Math.max(...shown.map(part => part.end_ns)) - begin || 1;
  const height = top + row * shown.length + 44;
  const xOf = ns => left + (width - left - 16) * (ns - begin) / span;
  const drawing = canvas(width, height, 'What each rank did in the operation');
  for (const tick of linearTicks(span, 8)) {
    const x = xOf(begin + tick);
    drawing.append(svg('line', {class: 'grid', x1: x, x2: x, y1: top, y2: height - 40}),
                   text(x, height - 24, shortDuration(tick), {class: 'axis', 'text-anchor': 'middle'}));
  }
  drawing.append(text(width - 16, height - 6, 'time since the first rank called it', {class: 'axis', 'text-anchor': 'end'}));
  shown.forEach((part, i) => {
    const y = top + i * row;
    const isLast = part.rank === operation.last;
    drawing.append(text(left - 12, y + 19, `rank ${part.rank}`, {'text-anchor': 'end', style: isLast ? 'font-weight:700' : ''}));
    let at = part.start_ns;
    for (const [key, name, colour] of inOrderOfTime) {
      const ns = part[`${key}_ns`];
      if (ns > 0) {
        drawing.append(tip(svg('rect', {x: xOf(at), y: y + 5, width: Math.max(xOf(at + ns) - xOf(at), 0.7), height: row - 10, rx: 2, fill: colour}),
                           `rank ${part.rank}: ${name} ${duration(ns)}`));
      }
      at += ns;
    }
    if (isLast) {
      const x = xOf(part.start_ns);
      drawing.append(tip(svg('path', {d: `M${x - 11} ${y + 8} L${x - 1} ${y + 15} L${x - 11} ${y + 22} Z`, fill: rankColour(part.rank)}),
                         `rank ${part.rank} came last, ${duration(operation.last_by_ns)} after the last of the others`));
    }
  });
  const who = operation.last === null ? '' : ` R${rankName(operation.last).slice(1)} came last, ${duration(operation.last_by_ns)} after the others.`;
  const how = operation.outcome ? ` It ended with: ${operation.outcome}.` : '';
  const caption = html('p', {class: 'hint'}, `${operation.call}${operation.algorithm ? ` (${operation.algorithm})` : ''} of ${bytes(operation.bytes)}, ` +
      `operation ${operation.sequence} of communicator ${operation.comm}: ${duration(operation.duration_ns)}.${who}${how}`);
  show('worst', caption, drawing, legend(parts.map(([key, name, colour]) => [name, colour])));
}

function drawWorst() {
  if (facts.worst_operations.length === 0) return nothing('worst', 'No operation was recorded.');
  choices('worst', facts.worst_operations.map(operation => duration(operation.duration_ns)),
          i => drawOneOperation(facts.worst_operations[i]));
}

const curves = [['p50_ns', 'p50', 'var(--q1)'], ['p99_ns', 'p99', 'var(--q2)'], ['p999_ns', 'p99.9', 'var(--q3)'], ['max_ns', 'max', 'var(--q4)']];

function drawCurve(kinds) {
  const width = 1080, left = 78, right = 60, top = 12, bottom = 44, height = 320;
  const values = kinds.flatMap(kind => curves.map(([key]) => Math.max(kind[key], 1)));
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const yOf = ns => height - bottom - (height - bottom - top) * (Math.log10(Math.max(ns, 1)) - low) / (high - low);
  const xOf = i => kinds.length === 1 ? (left + width - right) / 2 : left + 20 + (width - left - right - 40) * i / (kinds.length - 1);
  const drawing = canvas(width, height, 'Percentiles of the time by size');
  for (const ns of logTicks(low, high)) {
    const y = yOf(ns);
    drawing.append(svg('line', {class: 'grid', x1: left, x2: width - right, y1: y, y2: y}),
                   text(left - 8, y + 4, shortDuration(ns), {class: 'axis', 'text-anchor': 'end'}));
  }
  const step = Math.ceil(kinds.length / 12);
  kinds.forEach((kind, i) => {
    if (i % step === 0) drawing.append(text(xOf(i), height - bottom + 18, bytes(kind.min_bytes), {class: 'axis', 'text-anchor': 'middle'}));
  });
  drawing.append(text(width - right, height - 6, 'bytes: from this size up to the next', {class: 'axis', 'text-anchor': 'end'}));
  let labelled = height;
  for (const [key, name, colour] of curves) {
    const points = kinds.map((kind, i) => `${xOf(i).toFixed(1)},${yOf(kind[key]).toFixed(1)}`);
    drawing.append(svg('polyline', {points: points.join(' '), fill: 'none', stroke: colour, 'stroke-width': 2.2, 'stroke-linejoin': 'round'}));
    kinds.forEach((kind, i) => {
      drawing.append(tip(svg('circle', {cx: xOf(i), cy: yOf(kind[key]), r: 4, fill: colour}),
                         `${name} of ${count(kind.count)} times ${kind.call}, ${sizes(kind)}: ${duration(kind[key])}`));
    });
    labelled = Math.min(yOf(kinds[kinds.length - 1][key]), labelled - 15);
    drawing.append(text(xOf(kinds.length - 1) + 10, labelled + 4, name, {style: `fill:${colour};font-weight:600`}));
  }
  show('curves', drawing);
}

function drawCurves() {
  const calls = [...new Set(facts.kinds.map(kind => kind.call))];
  if (calls.length === 0) return nothing('curves', 'No operation was measured.');
  const weight = call => facts.kinds.filter(kind => kind.call === call).reduce((sum, kind) => sum + kind.count, 0);
  calls.sort((a, b) => weight(b) - weight(a));
  choices('curves', calls, i => drawCurve(facts.kinds.filter(kind => kind.call === calls[i])));
}

function drawTable() {
  const head = ['call', 'bytes', 'algorithms', 'count', 'p50', 'p90', 'p99', 'p99.9', 'max', 'waiting'];
  const rows = facts.kinds.map(kind => {
    const all = parts.reduce((sum, [key]) => sum + kind[`${key}_ns`], 0);
    const cells = [kind.call, sizes(kind), kind.algorithms.join(', '), count(kind.count), ...['p50_ns', 'p90_ns', 'p99_ns', 'p999_ns', 'max_ns'].map(key => duration(kind[key])),
                   all > 0 ? percent(kind.waited_ns / all) : ''];
    return html('tr', {}, ...cells.map((cell, i) => html('td', i < 3 ? {class: 'text'} : {}, cell)));
  });
  show('table', html('table', {}, html('thead', {}, html('tr', {}, ...head.map((name, i) => html('th', i < 3 ? {class: 'text'} : {}, name)))),
                     html('tbody', {}, ...rows)));
}

drawSplit();
drawBlame();
drawHeat();
drawSlices();
drawWorst();
drawCurves();
drawTable();
