// The page's one callback: it shows what is known at one position, and moves between positions.
const data = JSON.parse(texts)
const at = (id) => document.getElementById(id)
const slider = at("z")
const zs = data.z.map((text) => {
  const [over, under] = text.split("/").map(Number)
  return under === undefined ? over : over / under
})
let held = 0

function write(id, text) {
  at(id).textContent = text
  at(id).parentElement.hidden = text === ""
}

function straight(x, y, slope) {
  const reach = Math.min(data.reach, slope === 0 ? Infinity : data.height / 2 / Math.abs(slope))
  return [[x - reach, x + reach], [y - slope * reach, y + slope * reach]]
}

function show() {
  const i = Number(slider.value)
  const f = data.functions[held]
  const kink = f.kinks[i]
  const [x, y, dy] = [zs[i], Number(f.g[i]), Number(f.dg[i])]
  const colour = [colours[held]]
  const values = [f.g[i], f.dg[i], ...f.higher.map((texts) => texts[i])]
  points.forEach((each, order) => { each.data = {x: [x], y: [Number(values[order])], colour} })
  const lines = kink ? kink.slopes.map((each, k) => straight(x, kink.starts[k], each)) : [straight(x, y, dy)]
  tangents.data = {x: lines.map((line) => line[0]), y: lines.map((line) => line[1]), colour: lines.map(() => "")}
  const known = !kink && f.heights[i] !== null
  const base = Number(data.width)
  const left = x + base > data.ends[1] ? x - base : x
  const corners = known ? [left, left + base, left + base] : []
  const rise = (to) => y + dy * (to - x)
  const heights = known ? [rise(left), rise(left), rise(left + base)] : []
  triangle.data = {x: corners, y: heights, colour: corners.map(() => "")}
  let [fanX, fanY] = [[], []]
  if (kink && kink.shaded) {
    const reach = Math.min(...lines.map(([xs]) => xs[1] - x))
    const [a, b] = kink.slopes.map((each) => each * reach)
    fanX = [x - reach, x, x + reach, x + reach, x, x - reach]
    fanY = [y - a, y, y + a, y + b, y, y - b]
  }
  shade.data = {x: fanX, y: fanY, colour: fanX.map(() => "")}

  write("at-z", data.z[i])
  write("g", f.g[i])
  write("dg", f.dg[i])
  f.higher.forEach((texts, k) => write(`higher-${k}`, texts[i]))
  write("triangle", known ? `height ${f.heights[i]} / width ${data.width} = ${f.dg[i]}` : "")
  const a = f.g[i].startsWith("-") ? `(${f.g[i]})` : f.g[i]
  const filled = f.shortcut && f.shortcut.join(a)
  let cheap = f.shortcut ? f.shortcutText : f.why
  if (f.shortcut && !kink && known) {
    cheap += f.shortcut.length > 1 ? `: ${filled} \u2248 ${f.dg[i]}` : ""
    if (f.float64[i] !== f.dg[i]) cheap += `; worked out in float64 it is ${f.float64[i]}`
  }
  write("shortcut", cheap)
  write("kink", kink ? kink.line : "")
  const said = `${f.name} at z = ${data.z[i]}: g = ${f.g[i]}, `
  at("said").textContent = said + (kink ? `a kink, g' returned ${f.dg[i]}` : `g' = ${f.dg[i]}`)
  at("formula").textContent = f.formulas.join("\n")
  slider.setAttribute("aria-valuetext", `z = ${data.z[i]}`)
}

function go(i) {
  slider.value = Math.max(0, Math.min(zs.length - 1, i))
  show()
}

function nearest(x) {
  let best = 0
  for (let i = 1; i < zs.length; i++) if (Math.abs(zs[i] - x) < Math.abs(zs[best] - x)) best = i
  return best
}

function hold(k) {
  held = k
  curves.forEach((lines, owner) => {
    for (const line of lines) line.glyph.line_width = {value: owner === held ? 4 : 1.5}
  })
  show()
}

const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}
at("graph").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const i = Number(slider.value)
  const to = event.key === "Home" ? 0 : event.key === "End" ? zs.length - 1 : i + (steps[event.key] ?? 0)
  if (to === i) return
  event.preventDefault()
  go(to)
})
slider.addEventListener("input", show)
// A finger, pen or mouse that is down on a graph takes the point along; where its move is taken over, as when the
// finger scrolls the page, the point stays where it was.
function moveTo(graph, event) {
  const view = Bokeh.index.get_by_id(graph.id)
  const {left, width} = view.frame.bbox
  const {start, end} = graph.x_range
  go(nearest(start + ((event.clientX - view.el.getBoundingClientRect().left - left) / width) * (end - start)))
}

for (const graph of graphs) {
  const place = Bokeh.index.get_by_id(graph.id).el
  let from = null
  place.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return
    from = {id: event.pointerId, x: event.clientX, y: event.clientY, drags: event.pointerType === "mouse"}
    place.setPointerCapture(from.id)
    if (from.drags) moveTo(graph, event)
  })
  place.addEventListener("pointermove", (event) => {
    if (event.pointerId !== from?.id) return
    const across = Math.abs(event.clientX - from.x)
    from.drags ||= across > 5 && across > Math.abs(event.clientY - from.y)  // or the finger may yet scroll
    if (from.drags) moveTo(graph, event)
  })
  place.addEventListener("pointerup", (event) => {
    if (event.pointerId === from?.id) moveTo(graph, event)
    from = null
  })
  place.addEventListener("pointercancel", () => (from = null))
}
for (const choice of document.querySelectorAll("input[name=held]"))
  choice.addEventListener("change", () => hold(Number(choice.value)))
slider.value = data.start
hold(0)
document.body.dataset.ready = "yes"
