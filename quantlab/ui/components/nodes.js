// What every drawing is made of: nodes that stay while their attributes change, and words that can be measured. Stands
// before a drawing's own script.

const LINE_HEIGHT = 17
const BOLD = "700 "

const clamp = (v, lo, hi) => Math.max(lo, Math.min(hi, v))
const mix = (a, b, t) => a + (b - a) * t
const px = v => Math.round(v * 10) / 10
const codeText = q => String(q).replace("-", "−")       // as numerals.code, for what has room only the browser knows

// As numerals.count, for sums that are known only here.
const grouped = n => codeText(String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f"))

// Nodes: made once, afterwards only what differs is written.
function make(tag, parent, name) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  if (name) set(node, {class: name})
  parent.append(node)
  return node
}

function set(node, attributes) {
  const written = node.written ??= {}
  for (const [name, value] of Object.entries(attributes)) {
    if (written[name] === value) continue
    written[name] = value
    if (value === null) node.removeAttribute(name)
    else node.setAttribute(name, value)
  }
}

function children(group, tag, count) {
  while (group.childElementCount < count) make(tag, group)
  while (group.childElementCount > count) group.lastChild.remove()
  return [...group.children]
}

// "**8** values\nfall to code **7**": lines and bold parts, as text nodes.
function write(node, text) {
  if (node.writtenText === text) return
  node.writtenText = text
  node.replaceChildren()
  text.split("\n").forEach((line, row) => line.split("**").forEach((part, i) => {
    if (!part && i) return
    const span = make("tspan", node, i % 2 ? "bold" : null)
    span.textContent = part
    if (row && i === 0) set(span, {x: 0, dy: LINE_HEIGHT})
  }))
}

const ruler = document.createElement("canvas").getContext("2d")
const widths = new Map()
function widthOf(text, font) {
  const key = font + text
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear()
    ruler.font = font
    widths.set(key, ruler.measureText(text).width)
  }
  return widths.get(key)
}

const blockWidth = (text, font) => Math.max(...text.split("\n").map(line => widthOf(line.replaceAll("**", ""), BOLD + font)))
const overlap = (a, b, gap) => a.x0 < b.x1 + gap && b.x0 < a.x1 + gap && a.y0 < b.y1 && b.y0 < a.y1

// Draws again when the drawing's box has another size, and once the page's fonts are there: until then words are
// measured in a stand-in.
function watchSize(root, s, redraw) {
  const draw = () => s.d && s.width && redraw()
  new ResizeObserver(() => {
    const {clientWidth, clientHeight} = root
    if (!clientWidth || clientWidth === s.width && clientHeight === s.high) return
    s.width = clientWidth
    s.high = clientHeight
    draw()
  }).observe(root)
  const remeasure = () => {
    if (!root.isConnected) return document.fonts.removeEventListener("loadingdone", remeasure)
    widths.clear()
    draw()
  }
  document.fonts.addEventListener("loadingdone", remeasure)
}
