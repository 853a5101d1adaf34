"use strict";

/** Seconds as m:ss.t, or h:mm:ss for long videos. */
function clock(seconds, tenths = true) {
  const rounded = tenths ? Math.round(seconds * 10) / 10 : Math.round(seconds);
  const hours = Math.floor(rounded / 3600), minutes = Math.floor(rounded / 60) % 60, rest = rounded % 60;
  const tail = (tenths ? rest.toFixed(1) : String(rest)).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** The window that speaks for a moment: overlapping windows tile the time halfway to their neighbours' centres. */
function windowAt(scores, time) {
  let low = 0, high = scores.windows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time < cellEnd(scores, middle)) high = middle; else low = middle + 1;
  }
  return low;
}

function cellEnd(scores, index) {
  const here = scores.windows[index], next = scores.windows[index + 1];
  return next ? (here[0] + here[1] + next[0] + next[1]) / 4 : here[1];
}

function cellStart(scores, index) {
  return index ? cellEnd(scores, index - 1) : scores.windows[0][0];
}

/** Put overlapping spans on rows of their own, as few as it takes. */
function stack(spans, most = 6) {
  const ends = [];
  return [...spans].sort((a, b) => a.start - b.start).map((span) => {
    let row = ends.findIndex((end) => end <= span.start + 1e-6);
    if (row < 0) row = ends.length < most ? ends.push(0) - 1 : ends.indexOf(Math.min(...ends));
    ends[row] = Math.max(ends[row], span.end);
    return { ...span, row };
  });
}

/**
 * The clickable picture of a video's time: lanes of segments, then the scores of sliding windows as heat or curves.
 * The picture is drawn once a view and kept; a playing video only moves the playhead over it.
 */
class Timeline {
  constructor(root, { seek, color, describe }) {
    Object.assign(this, { root, seek, color, describe, shape: "heat", time: 0, view: [0, 1] });
    this.canvas = root.querySelector("canvas");
    this.tip = root.querySelector("#tip");
    this.kept = document.createElement("canvas");
    new ResizeObserver(() => this.redraw()).observe(root);
    root.addEventListener("pointerdown", (event) => { root.setPointerCapture(event.pointerId); this.dragging = true; this.drag(event); });
    root.addEventListener("pointermove", (event) => { if (this.dragging) this.drag(event); this.hover(event); });
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => { this.dragging = false; });
    root.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  show(video) {
    this.video = video;
    this.duration = video.duration || 1;
    const lane = (name, spans) => ({ name, spans: stack(spans), rows: 1 });
    this.lanes = [];
    if (video.truth?.segments.length) this.lanes.push(lane("Truth", video.truth.segments));
    if (video.found.segments.length) this.lanes.push(lane("Predicted", video.found.segments));
    const tubes = video.found.tubes.map((tube) => ({ ...tube, start: tube.times[0], end: tube.times.at(-1) }));
    if (tubes.length) this.lanes.push(lane("Tubes", tubes));
    for (const one of this.lanes) one.rows = 1 + Math.max(0, ...one.spans.map((span) => span.row));
    this.scores = video.scores;
    this.view = [0, this.duration];
    this.redraw();
    return this.lanes.length > 0 || Boolean(this.scores);
  }

  get empty() { return !this.video || (!this.lanes.length && !this.scores); }

  /** Zoom by a factor around a moment, within the video and to no less than half a second. */
  zoom(factor, around = this.time) {
    const length = Math.min(this.duration, Math.max(0.5, (this.view[1] - this.view[0]) * factor));
    const share = (around - this.view[0]) / (this.view[1] - this.view[0]);
    this.look(around - share * length, length);
  }

  look(start, length = this.view[1] - this.view[0]) {
    const from = Math.min(Math.max(0, start), Math.max(0, this.duration - length));
    this.view = [from, Math.min(this.duration, from + length)];
    this.redraw();
  }

  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.004), this.timeOf(event));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY) && this.view[1] - this.view[0] < this.duration) {
      event.preventDefault();
      this.look(this.view[0] + (sideways / this.plot.width) * (this.view[1] - this.view[0]));
    }
  }

  timeOf(event) {
    const x = event.clientX - this.canvas.getBoundingClientRect().left - this.plot.left;
    const share = Math.min(1, Math.max(0, x / this.plot.width));
    return this.view[0] + share * (this.view[1] - this.view[0]);
  }

  x(time) { return this.plot.left + ((time - this.view[0]) / (this.view[1] - this.view[0])) * this.plot.width; }

  drag(event) { this.seek(this.timeOf(event)); }

  hover(event) {
    const box = this.canvas.getBoundingClientRect();
    if (event.pointerType === "touch" || event.clientX - box.left < this.plot.left) { this.tip.hidden = true; return; }
    this.describe(this.tip, this.timeOf(event));
    this.tip.hidden = false;
    const x = event.clientX - box.left, half = x > box.width / 2;
    this.tip.style.left = half ? "auto" : `${x + 14}px`;
    this.tip.style.right = half ? `${box.width - x + 14}px` : "auto";
    this.tip.style.top = `${Math.max(0, Math.min(box.height - this.tip.offsetHeight, event.clientY - box.top - 20))}px`;
  }

  redraw() {
    const width = this.root.clientWidth;
    if (this.empty || !width) return;
    const css = getComputedStyle(document.documentElement);
    this.ink = Object.fromEntries(["card", "ink", "dim", "line", "track", "accent"].map((name) => [name, css.getPropertyValue(`--${name}`)]));
    const laneRow = 24, scoreRow = 18, gutter = Math.round(Math.min(168, width * 0.27));
    this.plot = { left: gutter, width: width - gutter - 2 };
    let top = 28;
    for (const lane of this.lanes) { lane.top = top; top += lane.rows * laneRow + 8; }
    if (this.scores) {
      this.scoresTop = top + (this.lanes.length ? 4 : 0);
      this.scoresHeight = this.shape === "heat" ? this.scores.rows.length * scoreRow : Math.max(150, this.scores.rows.length * scoreRow);
      top = this.scoresTop + this.scoresHeight + 4;
    }
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.kept]) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(top * ratio); }
    this.canvas.style.height = `${top}px`;
    const pen = this.kept.getContext("2d");
    pen.scale(ratio, ratio);
    pen.textBaseline = "middle";
    this.drawAxis(pen, top);
    for (const lane of this.lanes) this.drawLane(pen, lane, laneRow);
    if (this.scores) (this.shape === "heat" ? this.drawHeat : this.drawCurves).call(this, pen, scoreRow);
    this.tick(this.time);
  }

  /** Move the playhead; a zoomed view follows a playing video page by page. */
  tick(time, follow = false) {
    this.time = time;
    if (this.empty || !this.plot) return;
    const length = this.view[1] - this.view[0];
    if (follow && !this.dragging && (time < this.view[0] || time > this.view[1])) return this.look(time - length * 0.05);
    const pen = this.canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.kept, 0, 0);
    pen.scale(ratio, ratio);
    if (time < this.view[0] || time > this.view[1]) return;
    const x = Math.round(this.x(time));
    pen.fillStyle = this.ink.card;
    pen.fillRect(x - 2, 20, 4, this.canvas.height);
    pen.fillStyle = this.ink.ink;
    pen.fillRect(x - 1, 20, 2, this.canvas.height);
    pen.beginPath();
    pen.moveTo(x - 6, 15); pen.lineTo(x + 6, 15); pen.lineTo(x + 6, 19); pen.lineTo(x, 25); pen.lineTo(x - 6, 19);
    pen.closePath();
    pen.fill();
  }

  drawAxis(pen, height) {
    const span = this.view[1] - this.view[0], room = Math.max(2, this.plot.width / 84);
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((s) => span / s <= room) || 7200;
    pen.font = "11px system-ui, sans-serif";
    for (let k = Math.ceil(this.view[0] / step - 1e-9); k * step <= this.view[1] + 1e-9; k++) {
      const x = this.x(k * step), text = clock(k * step, step < 1), width = pen.measureText(text).width;
      pen.fillStyle = this.ink.line;
      pen.fillRect(Math.round(x), 15, 1, height - 15);
      pen.fillStyle = this.ink.dim;
      pen.fillText(text, Math.min(Math.max(x - width / 2, this.plot.left), this.plot.left + this.plot.width - width), 7);
    }
  }

  label(pen, text, y, { bold = false, swatch = null } = {}) {
    pen.font = `${bold ? 650 : 400} 12px system-ui, sans-serif`;
    const left = swatch ? 16 : 0;
    if (swatch) { pen.fillStyle = swatch; pen.beginPath(); pen.roundRect(0, y - 4.5, 9, 9, 3); pen.fill(); }
    pen.fillStyle = this.ink.ink;
    pen.fillText(fit(pen, text, this.plot.left - left - 12), left, y);
  }

  drawLane(pen, lane, rowHeight) {
    this.label(pen, lane.name, lane.top + rowHeight / 2, { bold: true });
    pen.fillStyle = this.ink.track;
    pen.beginPath(); pen.roundRect(this.plot.left, lane.top, this.plot.width, lane.rows * rowHeight, 5); pen.fill();
    pen.save();
    pen.beginPath(); pen.rect(this.plot.left, lane.top, this.plot.width, lane.rows * rowHeight); pen.clip();
    for (const span of lane.spans) {
      const left = this.x(span.start), right = this.x(span.end);
      if (right < this.plot.left || left > this.plot.left + this.plot.width) continue;
      const color = this.color(span.label), y = lane.top + span.row * rowHeight + 2, width = Math.max(2, right - left - 1.5);
      pen.fillStyle = color;
      pen.beginPath(); pen.roundRect(left, y, width, rowHeight - 4, Math.min(5, width / 2)); pen.fill();
      const from = Math.max(left, this.plot.left) + 7, room = Math.min(right, this.plot.left + this.plot.width) - from - 7;
      if (room > 26) {
        pen.font = "600 11.5px system-ui, sans-serif";
        pen.fillStyle = inkOn(color);
        pen.fillText(fit(pen, span.label, room), from, y + (rowHeight - 4) / 2 + 0.5);
      }
    }
    pen.restore();
  }

  drawHeat(pen, rowHeight) {
    const { windows, rows, classes } = this.scores, ratio = window.devicePixelRatio || 1;
    const snap = (time) => Math.round(this.x(time) * ratio) / ratio; // whole pixels, so that no seam shows between cells
    rows.forEach((row, index) => {
      const y = this.scoresTop + index * rowHeight, color = this.color(classes[index]);
      this.label(pen, classes[index], y + rowHeight / 2, { swatch: color });
      pen.fillStyle = this.ink.track;
      pen.fillRect(this.plot.left, y + 1, this.plot.width, rowHeight - 2);
      pen.fillStyle = color;
      let from = null, to = 0, most = 0;
      const flush = () => { if (from !== null && most > 0) { pen.globalAlpha = most / 1000; pen.fillRect(from, y + 1, to - from, rowHeight - 2); } };
      for (let w = 0; w < windows.length; w++) {
        const left = Math.max(this.plot.left, snap(cellStart(this.scores, w))), right = Math.min(this.plot.left + this.plot.width, snap(cellEnd(this.scores, w)));
        if (right < left || (right === left && w < windows.length - 1 && from === null)) continue;
        if (from !== null && right - from < 1) { to = right; most = Math.max(most, row[w]); continue; } // many windows in one pixel: the best
        flush();
        [from, to, most] = [left, right, row[w]];
      }
      flush();
      pen.globalAlpha = 1;
    });
  }

  drawCurves(pen, rowHeight) {
    const { windows, rows, classes } = this.scores, top = this.scoresTop, height = this.scoresHeight;
    const y = (score) => top + height - 3 - (score / 1000) * (height - 6);
    classes.forEach((name, index) => this.label(pen, name, top + (index + 0.5) * rowHeight, { swatch: this.color(name) }));
    pen.fillStyle = this.ink.track;
    for (const score of [0, 500, 1000]) pen.fillRect(this.plot.left, y(score), this.plot.width, 1);
    pen.save();
    pen.beginPath(); pen.rect(this.plot.left, top, this.plot.width, height); pen.clip();
    pen.lineWidth = 2; pen.lineJoin = "round";
    rows.forEach((row, index) => {
      const points = windows.map(([start, end], w) => [this.x((start + end) / 2), y(row[w])]);
      points.unshift([this.x(windows[0][0]), y(row[0])]);
      points.push([this.x(windows.at(-1)[1]), y(row.at(-1))]);
      const trace = () => { pen.beginPath(); points.forEach(([px, py], k) => (k ? pen.lineTo(px, py) : pen.moveTo(px, py))); };
      pen.strokeStyle = pen.fillStyle = this.color(classes[index]);
      trace(); pen.stroke();
      trace(); pen.lineTo(points.at(-1)[0], y(0)); pen.lineTo(points[0][0], y(0)); pen.closePath();
      pen.globalAlpha = 0.1; pen.fill(); pen.globalAlpha = 1;
    });
    pen.restore();
  }
}

/** A text cut with an ellipsis to a width in pixels. */
function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && pen.measureText(text.slice(0, length) + "…").width > width) length--;
  return text.slice(0, length).trimEnd() + "…";
}

/** Black or white, whichever reads better on `#rrggbb`. */
function inkOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? "#0d1015" : "#ffffff";
}
