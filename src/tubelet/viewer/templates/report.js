
const content = JSON.parse(document.getElementById("content").textContent);
const $ = (id) => document.getElementById(id);
const percent = (score) => (score == null ? "" : `${(score * 100).toFixed(score < 0.0995 && score > 0 ? 1 : 0)}%`);
const theme = () => document.documentElement.dataset.theme;
const tone = (index) => content.palette.at(index)[theme() === "dark" ? 1 : 0]; // -1 is the grey of labels beyond the palette
const color = (label) => tone(content.colors[label] ?? -1);
const onPicture = (label) => content.palette.at(content.colors[label] ?? -1)[1];

/** An element with attributes and children; text is always text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") element.style.cssText = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}
const swatch = (label) => make("span", { class: "swatch", style: `background:${color(label)}` });

/** A row of buttons of which one is pressed; with `many`, each is pressed or not by itself. */
function switches(root, options, pressed, change, many = false) {
  root.replaceChildren(...options.map(([key, text]) => make("button", {
    "aria-pressed": String(many ? pressed.has(key) : pressed === key),
    onclick: () => {
      if (many) pressed.has(key) ? pressed.delete(key) : pressed.add(key); else pressed = key;
      switches(root, options, pressed, change, many);
      change(pressed);
    },
  }, text)));
}

const state = { index: -1, video: null, layers: new Set(["labels", "boxes", "truth"]), scope: "now", sort: { key: "start", down: false }, urls: new Map() };
const player = $("video"), overlay = $("overlay");
const now = () => player.currentTime || 0;
const seek = (time) => { player.currentTime = Math.min(Math.max(0, time), Math.max(0, (state.video.duration || 0) - 0.001)); update(time); };
const covering = (spans, time) => spans.filter((span) => span.start <= time && time < span.end).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
const timeline = new Timeline($("timeline"), { seek, color, describe });

/** The embedded video as an object URL: a Blob can be sought in, a data: URL often cannot. Held for the last two videos. */
function mediaOf(index) {
  if (!state.urls.has(index)) {
    const text = $(`media-${index}`).textContent;
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    state.urls.set(index, URL.createObjectURL(new Blob([bytes], { type: "video/mp4" })));
    if (state.urls.size > 2) {
      const [oldest, url] = state.urls.entries().next().value;
      URL.revokeObjectURL(url);
      state.urls.delete(oldest);
    }
  }
  return state.urls.get(index);
}

function show(index) {
  const video = content.videos[index];
  Object.assign(state, { index, video });
  player.pause();
  for (const button of $("list").querySelectorAll("button")) button.setAttribute("aria-current", String(Number(button.dataset.index) === index));
  $("name").textContent = video.name;
  $("failure").hidden = !video.error;
  $("warning").hidden = !video.warnings.length;
  $("warning").textContent = video.warnings.join("\n");
  $("result").hidden = Boolean(video.error);
  $("facts").textContent = video.error ? video.path : factsOf(video).join(" · ");
  $("tiles").replaceChildren(...tilesOf(video).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  if (video.error) { $("failure").textContent = video.error; return; }
  player.poster = video.poster;
  player.src = mediaOf(index);
  const layers = [["labels", "Labels"]];
  if (video.found.boxes.length + video.found.tubes.length) layers.push(["boxes", "Boxes"]);
  if (video.truth && video.truth.boxes.length + video.truth.tubes.length) layers.push(["truth", "Truth"]);
  switches($("layers"), layers, state.layers, () => update(), true);
  state.scope = video.scores ? "now" : "all";
  switches($("scope"), video.scores ? [["now", "At the playhead"], ["all", "Whole video"]] : [], state.scope, (scope) => { state.scope = scope; update(); });
  switches($("shape"), video.scores ? [["heat", "Heat"], ["curves", "Curves"]] : [], timeline.shape, (shape) => { timeline.shape = shape; timeline.redraw(); });
  $("timeline-card").hidden = false;
  $("timeline-card").hidden = !timeline.show(video);
  state.sort = { key: "start", down: false };
  fillTable();
  update(0);
}

function factsOf(video) {
  const facts = [];
  if (video.width) facts.push(`${video.width} × ${video.height}`);
  if (video.frame_rate) facts.push(`${+video.frame_rate.toFixed(2)} frames/s`);
  if (video.num_frames) facts.push(`${video.num_frames.toLocaleString("en")} frames`);
  if (video.duration) facts.push(video.duration < 60 ? `${video.duration.toFixed(1)} s` : clock(video.duration, false));
  return facts;
}

function tilesOf(video) {
  if (video.error) return [];
  const tiles = [], best = video.found.labels[0];
  if (best) tiles.push([best.score == null ? "label" : `score ${percent(best.score)}`, best.name]);
  if (video.found.segments.length > 1) tiles.push(["segments", String(video.found.segments.length)]);
  const agreed = agreement(video);
  if (agreed != null) tiles.push(["of the time as in the truth", percent(agreed)]);
  else if (video.truth?.labels.length && best) tiles.push(["truth", video.truth.labels[0].name]);
  return tiles;
}

const overlap = (a, b) => Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
const total = (spans, by) => spans.reduce((sum, span) => sum + by(span), 0);

/** The share of the truth's time in which the same label was found. */
function agreement(video) {
  const truth = video.truth?.segments ?? [];
  if (!truth.length || !video.found.segments.length) return null;
  const same = total(truth, (t) => Math.min(t.end - t.start, total(video.found.segments.filter((s) => s.label === t.label), (s) => overlap(s, t))));
  return same / total(truth, (t) => t.end - t.start);
}

function describe(tip, time) {
  const { found, truth, scores } = state.video, lines = [make("b", {}, clock(time))];
  const add = (label, text) => lines.push(make("div", {}, swatch(label), text));
  for (const span of covering(truth?.segments ?? [], time)) add(span.label, `truth: ${span.label}`);
  for (const span of covering(found.segments, time)) add(span.label, `${span.label} ${percent(span.score)}`);
  if (scores && !found.segments.length) for (const [label, score] of scoresAt(time).slice(0, 3)) add(label, `${label} ${percent(score)}`);
  tip.replaceChildren(...lines);
}

const scoresAt = (time) => {
  const { scores } = state.video, window = windowAt(scores, time);
  return scores.classes.map((label, k) => [label, scores.rows[k][window] / 1000]).sort((a, b) => b[1] - a[1]);
};

function drawBars() {
  const { found, scores } = state.video;
  const current = state.scope === "now" ? new Map(scoresAt(now())) : null;
  const rows = current ? scores.classes.map((label) => [label, current.get(label)]) : found.labels.map((label) => [label.name, label.score]);
  const best = Math.max(0, ...rows.map((row) => row[1] ?? 0)), list = $("bars");
  if (list.children.length !== rows.length) list.replaceChildren(...rows.map(() => make("li", {}, make("span", { class: "what" }), make("span", { class: "dim" }), make("span", { class: "track" }, make("span", { class: "fill" })))));
  rows.forEach(([label, score], index) => {
    const item = list.children[index], [what, value, track] = item.children;
    item.className = score === best && best > 0 ? "best" : score < 0.02 ? "faint" : "";
    what.textContent = what.title = label;
    value.textContent = percent(score);
    track.firstChild.style.cssText = `width:${(score ?? 0) * 100}%;background:${color(label)}`;
  });
}

/** Segments and tubes as rows; a clip that has only labels has its scores in the bars already. */
function fillTable() {
  const { found, truth } = state.video, compare = Boolean(truth?.segments.length), { key, down } = state.sort;
  const spans = [...found.segments, ...found.tubes.map((tube) => ({ ...tube, start: tube.times[0], end: tube.times.at(-1) }))];
  const rows = spans.map((span) => ({ ...span, length: span.end - span.start, truth: mostly(span, truth?.segments ?? []) }));
  const order = (a, b) => (typeof a[key] === "string" ? a[key].localeCompare(b[key] ?? "") : (a[key] ?? -1) - (b[key] ?? -1));
  rows.sort((a, b) => (down ? -order(a, b) : order(a, b)));
  const columns = [["label", "Label", ""], ["start", "From", "number"], ["end", "To", "number"], ["length", "Seconds", "number optional"], ["score", "Score", "number"]];
  if (compare) columns.push(["truth", "Truth", "truth"]);
  const sortBy = (name) => { state.sort = { key: name, down: key === name ? !down : name === "score" }; fillTable(); update(); };
  const sign = (row) => (row.truth == null ? make("span", { class: "dim" }, "nothing") : row.truth === row.label ? make("span", { class: "right" }, "✓ same") : make("span", { class: "wrong" }, `✗ ${row.truth}`));
  const cells = {
    label: (row) => [swatch(row.label), row.label], start: (row) => [clock(row.start)], end: (row) => [clock(row.end)],
    length: (row) => [row.length.toFixed(1)], score: (row) => [row.score?.toFixed(3) ?? ""], truth: (row) => [sign(row)],
  };
  $("table-card").hidden = !rows.length;
  $("table-count").textContent = rows.length.toLocaleString("en");
  $("table").tHead.replaceChildren(make("tr", {}, ...columns.map(([name, title, kind]) => make("th", {
    class: kind, "aria-sort": key === name ? (down ? "descending" : "ascending") : null,
  }, make("button", { onclick: () => sortBy(name) }, title)))));
  $("table").tBodies[0].replaceChildren(...rows.map((row) => {
    const go = () => seek(row.start), cell = ([name, , kind]) => make("td", { class: kind }, ...cells[name](row));
    const line = make("tr", { class: "seekable", tabindex: 0, onclick: go, onkeydown: (event) => { if (event.key === "Enter") go(); } }, ...columns.map(cell));
    return Object.assign(line, { span: row });
  }));
}

/** The label that covers most of a span. */
function mostly(span, spans) {
  const shares = {};
  for (const other of spans) if (overlap(span, other) > 0) shares[other.label] = (shares[other.label] ?? 0) + overlap(span, other);
  return Object.keys(shares).sort((a, b) => shares[b] - shares[a])[0] ?? null;
}

function boxesAt({ boxes, tubes }, time) {
  const near = boxes.filter((box) => Math.abs(box.time - time) <= 0.5), least = Math.min(...near.map((box) => Math.abs(box.time - time)));
  const shown = near.filter((box) => Math.abs(box.time - time) <= least + 1e-6);
  for (const { times, boxes: track, ...rest } of tubes) {
    if (time < times[0] || time > times.at(-1)) continue;
    const after = Math.max(1, times.findIndex((t) => t >= time)), a = track[after - 1], b = track[after] ?? a;
    const share = times.length > 1 ? (time - times[after - 1]) / (times[after] - times[after - 1]) : 0;
    shown.push({ ...rest, xyxy: a.map((value, side) => value + (b[side] - value) * share) });
  }
  return shown;
}

function drawOverlay(time) {
  const ratio = window.devicePixelRatio || 1, { clientWidth, clientHeight } = overlay, pen = overlay.getContext("2d");
  overlay.width = clientWidth * ratio;
  overlay.height = clientHeight * ratio;
  pen.scale(ratio, ratio);
  const shape = { width: player.videoWidth || state.video.width || 16, height: player.videoHeight || state.video.height || 9 };
  const scale = Math.min(clientWidth / shape.width, clientHeight / shape.height);
  const frame = { width: shape.width * scale, height: shape.height * scale };
  Object.assign(frame, { left: (clientWidth - frame.width) / 2, top: (clientHeight - frame.height) / 2 });
  const size = Math.max(11, Math.min(16, Math.min(frame.width, frame.height) / 24));
  pen.font = `600 ${size}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  const { found, truth } = state.video;
  if (truth && state.layers.has("truth")) for (const box of boxesAt(truth, time)) drawBox(pen, frame, box, size, true);
  if (state.layers.has("boxes")) for (const box of boxesAt(found, time)) drawBox(pen, frame, box, size, false);
  if (!state.layers.has("labels")) return;
  const labels = found.segments.length ? covering(found.segments, time).map((span) => [span.label, span.score]) : found.labels.slice(0, 1).map((label) => [label.name, label.score]);
  let top = frame.top + size * 0.7;
  for (const [label, score] of labels.slice(0, 5)) top += drawChip(pen, frame.left + size * 0.7, top, label, score, onPicture(label), size) + 4;
}

function drawChip(pen, left, top, text, score, mark, size) {
  const share = percent(score), name = pen.measureText(text).width, height = size * 1.75, pad = size * 0.5;
  pen.fillStyle = "rgb(13 16 22 / 80%)";
  pen.beginPath(); pen.roundRect(left, top, pad * 3 + 4 + name + (share ? pen.measureText(share).width + pad : 0), height, size * 0.4); pen.fill();
  pen.fillStyle = mark;
  pen.beginPath(); pen.roundRect(left + pad, top + height * 0.24, 4, height * 0.52, 2); pen.fill();
  pen.fillStyle = "#fff";
  pen.fillText(text, left + pad * 2 + 4, top + height / 2 + 0.5);
  pen.fillStyle = "#c8ced6";
  pen.fillText(share, left + pad * 3 + 4 + name, top + height / 2 + 0.5);
  return height;
}

function drawBox(pen, frame, box, size, dashed) {
  const [x1, y1, x2, y2] = box.xyxy.map((value, side) => (side % 2 ? frame.top + value * frame.height : frame.left + value * frame.width));
  pen.lineWidth = 4.5; pen.strokeStyle = "rgb(13 16 22 / 55%)"; pen.setLineDash([]);
  if (!dashed) pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
  pen.lineWidth = 2.5; pen.strokeStyle = onPicture(box.label); pen.setLineDash(dashed ? [7, 5] : []);
  pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
  pen.setLineDash([]);
  const above = y1 - size * 1.75 - 4, name = dashed ? `truth: ${box.label}` : box.actor == null ? box.label : `${box.label} · ${box.actor}`;
  drawChip(pen, Math.max(frame.left, x1 - 1), above >= frame.top ? above : Math.min(y2 + 4, frame.top + frame.height - size * 1.75), name, box.score, onPicture(box.label), size);
}

function update(time = now()) {
  const { video } = state;
  if (!video || video.error) return;
  const length = video.duration || player.duration || 0;
  $("clock").replaceChildren(make("b", {}, clock(time)), ` / ${clock(length)}`);
  $("timeline").setAttribute("aria-valuemax", length.toFixed(1));
  $("timeline").setAttribute("aria-valuenow", time.toFixed(1));
  $("timeline").setAttribute("aria-valuetext", clock(time));
  drawOverlay(time);
  timeline.tick(time, !player.paused);
  drawBars();
  for (const line of $("table").tBodies[0].rows) line.classList.toggle("now", line.span.start <= time && time < line.span.end);
}

function listVideos() {
  if (content.videos.length < 2) return;
  $("videos").hidden = false;
  $("filter").hidden = content.videos.length < 9;
  $("list").replaceChildren(...content.videos.map((video, index) => {
    const best = video.found?.labels[0], thumb = make("span", { class: "thumb" }, video.error ? "!" : "");
    if (video.poster) thumb.style.backgroundImage = `url(${video.poster})`;
    const second = video.error ? "could not be read" : best ? `${best.name} ${percent(best.score)}` : "nothing found";
    return make("li", {}, make("button", { "data-index": index, title: video.path, onclick: () => { location.hash = `#${index + 1}`; } }, thumb, make("span", { class: "words" }, make("b", {}, video.name), make("span", { class: "dim" }, second))));
  }));
  $("filter").addEventListener("input", () => {
    const wanted = $("filter").value.toLowerCase();
    for (const item of $("list").children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
}

const toggle = () => (player.paused ? player.play() : player.pause());
const repaint = () => { if (state.video && !state.video.error) { timeline.redraw(); fillTable(); update(); } };
const flip = () => { document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark"; repaint(); };
const fullScreen = () => (document.fullscreenElement ? document.exitFullscreen() : $("stage").requestFullscreen());
const step = (seconds) => seek(now() + seconds);
const keys = {
  " ": toggle, k: toggle, t: flip, f: fullScreen, "+": () => timeline.zoom(0.5), "=": () => timeline.zoom(0.5), "-": () => timeline.zoom(2),
  0: () => timeline.look(0, timeline.duration), ArrowLeft: () => step(-1), ArrowRight: () => step(1), Home: () => seek(0), End: () => seek(state.video.duration),
  ",": () => step(-1 / (state.video.frame_rate || 25)), ".": () => step(1 / (state.video.frame_rate || 25)),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea"), button = event.target.closest("button, summary");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || state.video.error || (button && event.key === " ")) return;
  const act = keys[event.key];
  if (act) { event.preventDefault(); act(); }
});
$("stage").addEventListener("click", toggle);
$("play").addEventListener("click", toggle);
$("full").addEventListener("click", fullScreen);
$("theme").addEventListener("click", flip);
$("speed").addEventListener("change", () => { player.playbackRate = Number($("speed").value); });
$("zoom-in").addEventListener("click", () => timeline.zoom(0.5));
$("zoom-out").addEventListener("click", () => timeline.zoom(2));
$("zoom-all").addEventListener("click", () => timeline.look(0, timeline.duration));
for (const event of ["play", "pause"]) player.addEventListener(event, () => {
  $("play").classList.toggle("playing", !player.paused);
  $("play").setAttribute("aria-label", player.paused ? "Play" : "Pause");
});
for (const event of ["seeked", "loadeddata", "pause"]) player.addEventListener(event, () => update());
player.addEventListener("play", () => {
  // requestVideoFrameCallback gives the time of the frame on screen; the clock of the player runs ahead of it
  const paint = (_, frame) => { update(frame?.mediaTime); if (!player.paused) next(); };
  const next = () => (player.requestVideoFrameCallback ? player.requestVideoFrameCallback(paint) : requestAnimationFrame(paint));
  next();
});
player.addEventListener("loadedmetadata", () => { player.playbackRate = Number($("speed").value); });
new ResizeObserver(() => update()).observe($("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => { document.documentElement.dataset.theme = event.matches ? "dark" : "light"; repaint(); });
window.addEventListener("hashchange", () => show(chosen()));
const first = Math.max(0, content.videos.findIndex((video) => !video.error)) + 1;
const chosen = () => Math.min(Math.max(0, (parseInt(location.hash.slice(1), 10) || first) - 1), content.videos.length - 1);

$("version").textContent = content.version;
if (content.note) { $("note").hidden = false; $("note").textContent = content.note; }
if (content.facts.length) {
  $("made").hidden = false;
  $("made-facts").replaceChildren(...content.facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
listVideos();
if (content.videos.length) show(chosen()); else $("result").hidden = true;
document.documentElement.dataset.ready = "yes";
