// The page's only callback: it shows the values at one position and moves between positions.
const at = (id) => document.getElementById(id)
const data = JSON.parse(at("data").textContent)
const slider = at("z"), field = at("at-z"), width = at("width"), value = at("value")
const list = (text) => text.split(" ")
const plain = (text) => text.replace("~", "")
const number = (text) => {
  const [over, under] = text.split("/").map(Number)
  return under === undefined ? over : over / under
}
const texts = list(data.z)
const zs = texts.map(number)
const widths = data.widths.map(Number)
for (const f of data.functions.flat())
  Object.assign(f, {quantities: [f.g, f.dg, ...f.higher].map(list), heights: f.heights.map(list), slopes: f.slopes.map(list)})
let held = 0

const fill = (word, values) => data.words[word].replace(/{(\w+)}/g, (_, name) => values[name])
const sign = (text) => (text === "nan" ? "" : text.startsWith("~") ? "\u2248" : "=")
const signed = (text) => `${sign(text)} ${plain(text)}`.trim()

// The first digits of a number. Texts of up to five digits stay, since rounding them again may meet a tie.
function short(text) {
  const digits = plain(text).replace(/e.*/, "").replace(/\D/g, "").replace(/^0+/, "")
  return `${sign(text)} ${digits.length > 5 ? String(Number(plain(text)).toPrecision(4)) : plain(text)}`
}

function write(id, text) {
  at(id).textContent = text
  at(id).closest("div").hidden = text === ""
}

function writeNumber(id, text, prefix = sign(text)) {
  write(id, plain(text))
  at(`${id}-sign`).textContent = prefix
}

const functionAt = (owner) => data.functions[owner][value ? Number(value.value) : 0]
const place = () => Number(slider.value)

// Zoom: a part of each axis is visible, and the point stays inside it.

let zoom = 1, left = 0, bottoms = data.ranges.map(() => 0), isDragged = false

function within(low, share, anew) {
  const size = 1 / zoom
  if (!anew && (isNaN(share) || (share > low + size / 20 && share < low + size * 19 / 20))) return low
  return Math.max(0, Math.min(1 - size, (isNaN(share) ? 0.5 : share) - size / 2))
}

function look(anew = false) {
  const [low, high] = data.ends
  const edge = (high - low) / 40 // for the whole of a point at an end
  const [first, span] = [low - edge, high - low + 2 * edge]
  if (!isDragged) left = within(left, (zs[place()] - first) / span, anew)
  graphs[0].x_range.setv({start: first + left * span, end: first + (left + 1 / zoom) * span})
  graphs.forEach((graph, order) => {
    const ranges = data.ranges[order]
    const [bottom, top] = ranges[held]
    const y = Number(plain(functionAt(held).quantities[order][place()]))
    bottoms[order] = within(bottoms[order], (y - bottom) / (top - bottom), anew)
    const part = ([a, b]) => ({start: a + bottoms[order] * (b - a), end: a + (bottoms[order] + 1 / zoom) * (b - a)})
    graph.y_range.setv(part(ranges[held]))
    ranges.forEach((range, owner) => parts[order].ranges[owner].setv(part(range)))
  })
}

function zoomTo(times) {
  zoom = Math.max(1, Math.min(64, times))
  look(true)
  show()
}

// Drawing

function straight(x, y, slope) {
  const [low, high] = data.ends, [bottom, top] = data.ranges[0][held]
  const reach = Math.min((high - low) / 5, slope === 0 ? Infinity : (top - bottom) / 2 / Math.abs(slope)) / zoom
  return [[x - reach, x + reach], [y - slope * reach, y + slope * reach]]
}

const put = (part, x, y, more = {}) => (part.data_source.data = {x, y, ...more})

function draw() {
  const i = place(), w = Number(width.value)
  const f = functionAt(held), kink = f.kinks[i]
  const [x, y, dy] = [zs[i], ...f.quantities.slice(0, 2).map((each) => Number(plain(each[i])))]
  parts.forEach((part, order) => {
    const known = (k) => Number(plain(f.quantities[order][k]))
    put(part.point, [x], [known(i)])
    put(part.marked, data.marked.map((k) => zs[k]), data.marked.map(known))
  })
  const [main] = parts
  const lines = kink ? kink.slopes.map((slope, k) => straight(x, kink.starts[k], slope)) : [straight(x, y, dy)]
  put(main.tangents, lines.map((line) => line[0]), lines.map((line) => line[1]))

  let [fanX, fanY] = [[], []]
  if (kink && !kink.jump) {
    const reach = Math.min(...lines.map(([xs]) => xs[1] - x))
    const [a, b] = kink.slopes.map((slope) => slope * reach)
    fanX = [x - reach, x, x + reach, x + reach, x, x - reach]
    fanY = [y - a, y, y + a, y + b, y, y - b]
  }
  put(main.shade, fanX, fanY)

  // The triangle stands on its width, to the right of the point, or to the left of it near the right end.
  const [height, slope] = kink ? kink.right[w] : [f.heights[w][i], f.slopes[w][i]]
  const h = Number(plain(height))
  const isKnown = Number.isFinite(h)
  const from = !kink && i >= data.turns[w] ? x - widths[w] : x
  const base = kink ? kink.starts[1] : from < x ? y - h : y
  const to = from + widths[w]
  put(main.triangle, isKnown ? [from, to, to] : [], isKnown ? [base, base, base + h] : [])
  const secant = straight((from + to) / 2, base + h / 2, Number(plain(slope)))
  put(main.secants, isKnown ? [secant[0]] : [], isKnown ? [secant[1]] : [])
  const {start, end} = graphs[0].x_range
  const isWide = isKnown && widths[w] > (end - start) / 40
  const words = data.words
  const label = isWide ? [`${words.width} = ${data.widths[w]}\n${words.height} ${short(height)}`] : []
  // Below the width, away from a rising curve; near the lower frame above it and to its left.
  const {start: bottom, end: top} = graphs[0].y_range
  const share = (from - start) / (end - start)
  const isUp = h >= 0
  const room = ((isUp ? base - bottom : top - base) / (top - bottom)) * (graphs[0].inner_height ?? 240)
  const isUnder = room > 44
  const isRight = isUnder ? share > 0.7 : share > 0.3
  put(main.label, isWide ? [isRight === isUnder ? to : from] : [], isWide ? [base] : [], {text: label})
  main.label.glyph.setv({
    text_align: isRight ? "right" : "left",
    text_baseline: isUp === isUnder ? "top" : "bottom",
    x_offset: isUnder ? 0 : isRight ? -12 : 12,
    y_offset: isUp === isUnder ? 10 : -10,
  })
}

function drawCurves() {
  document.querySelectorAll(".name").forEach((each, owner) => (each.textContent = functionAt(owner).name))
  parts.forEach((part, order) =>
    part.curves.forEach(({lines, dots, rings}, owner) => {
      const curve = functionAt(owner).curves[order]
      put(lines, ...curve.lines)
      put(dots, ...curve.dots)
      put(rings, ...curve.rings)
    }))
}

const isDark = window.matchMedia("(prefers-color-scheme: dark)")

function paint() {
  const scheme = data.scheme || (isDark.matches ? "dark" : "light")
  document.body.dataset.scheme = scheme
  const {paper, ink, faint, curves} = data.looks[scheme]
  const lines = (glyph, color, more = {}) => glyph.setv({line_color: {value: color}, ...more})
  graphs.forEach((graph, order) => {
    graph.outline_line_color = ink
    for (const axis of [...graph.below, ...graph.left])
      axis.setv({axis_line_color: ink, major_tick_line_color: ink, minor_tick_line_color: ink,
        major_label_text_color: ink, axis_label_text_color: ink})
    for (const each of graph.center) if (each.type === "Grid") each.setv({grid_line_color: faint})
    graph.left[0].axis_label = data.labels[order]
    const part = parts[order]
    part.curves.forEach((curve, owner) => {
      lines(curve.lines.glyph, curves[owner], {line_width: {value: owner === held ? 4 : 2}})
      lines(curve.dots.glyph, curves[owner], {fill_color: {value: curves[owner]}})
      lines(curve.rings.glyph, curves[owner], {fill_color: {value: paper}})
    })
    for (const name of ["tangents", "secants"]) if (part[name]) lines(part[name].glyph, ink)
    for (const name of ["triangle", "shade"]) if (part[name]) lines(part[name].glyph, ink, {fill_color: {value: ink}})
    part.label?.glyph.setv({text_color: {value: ink}, background_fill_color: {value: paper}})
    lines(part.marked.glyph, ink, {fill_color: {value: paper}})
    lines(part.point.glyph, ink, {fill_color: {value: curves[held]}})
  })
}

// Numbers and words

function show() {
  const i = place(), w = Number(width.value)
  const f = functionAt(held), kink = f.kinks[i]
  const [g, dg] = f.quantities.map((each) => each[i])
  const z = texts[i], words = data.words
  look()
  draw()
  field.value = z
  f.quantities.forEach((each, order) => {
    const isReturned = order === 1 ? kink : order > 1 && f.jumps[order - 2][i]
    writeNumber(["g", "dg"][order] ?? `higher-${order - 2}`, each[i], isReturned ? words.returned : sign(each[i]))
    if (order > 1) at(`jump-${order - 2}`).textContent = f.jumps[order - 2][i] ?? ""
  })
  const [height, slope] = kink ? kink.right[w] : [f.heights[w][i], f.slopes[w][i]]
  at("slope-name").textContent = kink ? words.slope_right : words.slope
  writeNumber("slope", slope)
  writeNumber("slope-left", kink ? kink.left[w][1] : "")
  writeNumber("height", height)
  at("width-text").textContent = data.widths[w]
  width.setAttribute("aria-valuetext", `${data.widths[w]}, ${at("slope-name").textContent} ${signed(slope)}`)
  if (value) {
    const text = data.values[Number(value.value)]
    at("value-text").textContent = text
    value.setAttribute("aria-valuetext", `${data.parameter} = ${text}`)
  }
  const a = plain(g).startsWith("-") ? `(${plain(g)})` : plain(g)
  let cheap = f.shortcutText
  if (f.shortcut && !kink && dg !== "nan") {
    const isExact = sign(g) === "=" && sign(dg) === "="
    cheap += f.shortcut.length > 1 ? `: ${f.shortcut.join(a)} ${isExact ? "=" : "\u2248"} ${plain(dg)}` : ""
    if (f.float64[i] !== undefined) cheap += `; ${fill("in_float64", {value: f.float64[i]})}`
  }
  write("shortcut", cheap)
  at("kink-name").textContent = kink?.jump ? words.at_jump : words.at_kink
  write("kink", kink ? kink.line : "")
  at("said").textContent = fill(!kink ? "said" : kink.jump ? "said_jump" : "said_kink",
    {name: f.name, z, g: signed(g), dg: kink ? plain(dg) : signed(dg)})
  const [first, ...others] = f.formulas
  at("title").textContent = f.title ? `${f.title}: ${first}` : first
  at("formula").textContent = others.join("\n")
  slider.setAttribute("aria-valuetext", `z = ${z}`)
}

// Moving

function go(i) {
  slider.value = Math.max(0, Math.min(zs.length - 1, i))
  at("snapped").textContent = ""
  show()
  remember()
}

function nearest(x) {
  let best = 0
  for (let i = 1; i < zs.length; i++) if (Math.abs(zs[i] - x) < Math.abs(zs[best] - x)) best = i
  return best
}

// Go to a typed number, or to the nearest position, with a note.
function goTo(text) {
  const written = text.trim().replace(",", ".").replace("\u2212", "-")
  const isNumber = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?(\/\d+)?$/i.test(written)
  const z = number(written)
  const i = isNumber ? nearest(z) : place()
  go(i)
  const [low, high] = [texts[0], texts[texts.length - 1]]
  if (!isNumber || isNaN(z)) at("snapped").textContent = fill("no_number", {text: JSON.stringify(text)})
  else if (z < zs[0] || z > zs[zs.length - 1]) at("snapped").textContent = fill("outside", {z: written, low, high})
  else if (z !== zs[i]) at("snapped").textContent = fill("snapped", {z: written, nearest: texts[i]})
}

function hold(k) {
  held = k
  const isShared = data.ranges.every((each) => each.every((range) => range[0] === each[0][0] && range[1] === each[0][1]))
  at("scales").textContent = isShared ? "" : fill("own_scales", {name: functionAt(held).name})
  paint()
  look(true)
  show()
}

// The position in the address, with all settings that differ from the initial ones.

let timer = 0

function remember() {
  clearTimeout(timer)
  timer = setTimeout(() => {
    const parts = [`z=${String(texts[place()]).replace(/\.0$/, "")}`]
    if (held) parts.push(`curve=${encodeURIComponent(data.functions[held][0].name)}`)
    if (value && Number(value.value) !== data.value) parts.push(`${data.parameter}=${data.values[Number(value.value)]}`)
    if (Number(width.value)) parts.push(`width=${data.widths[Number(width.value)]}`)
    history.replaceState(null, "", `#${parts.join("&")}`)
  }, 250) // browsers refuse too many
}

function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1))
  const choose = (control, among, name) => {
    const i = among.indexOf(wanted.get(name))
    if (control && i >= 0) control.value = i
  }
  choose(width, data.widths, "width")
  choose(value, data.values, data.parameter)
  const k = data.functions.findIndex(([f]) => f.name === wanted.get("curve"))
  if (k >= 0) {
    document.querySelectorAll("input[name=held]")[k].checked = true
    held = k
  }
  drawCurves()
  hold(held)
  if (wanted.has("z")) goTo(wanted.get("z"))
}

const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}
at("graph").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  if ("+-0".includes(event.key)) return zoomTo({"+": zoom * 2, "-": zoom / 2, 0: 1}[event.key])
  const i = place()
  const to = event.key === "Home" ? 0 : event.key === "End" ? zs.length - 1 : i + (steps[event.key] ?? 0)
  if (to === i) return
  event.preventDefault()
  go(to)
})
slider.addEventListener("input", () => go(place()))
width.addEventListener("input", () => go(place()))
value?.addEventListener("input", () => {
  drawCurves()
  go(place())
})
field.addEventListener("change", () => goTo(field.value))
field.addEventListener("focus", () => field.select())
at("zoom-in").addEventListener("click", () => zoomTo(zoom * 2))
at("zoom-out").addEventListener("click", () => zoomTo(zoom / 2))
at("zoom-off").addEventListener("click", () => zoomTo(1))
for (const choice of document.querySelectorAll("input[name=held]"))
  choice.addEventListener("change", () => {
    hold(Number(choice.value))
    remember()
  })
window.addEventListener("hashchange", recall)
isDark.addEventListener("change", paint)

// For printing, the graphs shrink to half a page.
new ResizeObserver(([{contentRect}]) => {
  if (window.matchMedia("print").matches) return
  const {width, height} = contentRect
  const sizes = {width: `${width}px`, height: `${height}px`, "to-print": Math.min(1, 680 / width, 480 / height)}
  for (const [name, size] of Object.entries(sizes)) at("graph").style.setProperty(`--${name}`, size)
}).observe(at("graph"))

// Dragging on a graph moves the point, unless the browser takes over the touch, for example to scroll.
function moveTo(graph, event) {
  const view = Bokeh.index.get_by_id(graph.id)
  const frame = view.frame.bbox
  const share = (event.clientX - view.el.getBoundingClientRect().left - frame.left) / frame.width
  const {start, end} = graph.x_range
  go(nearest(start + Math.max(0, Math.min(1, share)) * (end - start)))
}

for (const graph of graphs) {
  const view = Bokeh.index.get_by_id(graph.id)
  const drawn = view.el
  let from = null
  drawn.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return
    from = {id: event.pointerId, x: event.clientX, y: event.clientY}
    drawn.setPointerCapture(from.id)
    isDragged = event.pointerType === "mouse"
    if (isDragged) moveTo(graph, event)
  })
  drawn.addEventListener("pointermove", (event) => {
    if (event.pointerId !== from?.id) return
    const across = Math.abs(event.clientX - from.x)
    isDragged ||= across > 5 && across > Math.abs(event.clientY - from.y) // or the finger may yet scroll
    if (isDragged) moveTo(graph, event)
  })
  const finish = () => {
    from = null
    isDragged = false
    look()
  }
  drawn.addEventListener("pointerup", (event) => {
    if (event.pointerId === from?.id) moveTo(graph, event)
    finish()
  })
  drawn.addEventListener("pointercancel", finish)
  // The graphs are one tab stop with a label.
  for (const each of view.canvas_view?.shadow_el.querySelectorAll("[tabindex]") ?? []) each.tabIndex = -1
}

slider.value = data.start
width.value = 0
if (value) value.value = data.value
recall()
document.body.dataset.ready = "yes"
