// The dataflow: stations on a line from x to y, the weight from above. The default export is called again on every
// rerun: nodes stay, what differs is written, and a wire's width glides in the style sheet.

const MOST_NARROW = 560               // px of width: below it short words, figures under the line
const WIDE = {head: 46, block: 131, title: 14, top: 26, line: 88, box: 32, kind: 11, shape: 16, size: 31, ends: 18}
const NARROW = {head: 68, block: 202, title: 14, top: 40, line: 104, box: 28, kind: 10, shape: 0, size: 15, ends: 12}
const FLOW_SHARE = .6                 // of the width; the figures have the rest
const AIR = 34, LONGEST_WIRE_WORD = 6 // px between a title's line and the figures, and around a word
const STATION_FONT = "600 13px Inter, sans-serif", SHORT_FONT = "600 10.5px Inter, sans-serif"
const KIND_FONT = "600 12px 'JetBrains Mono', monospace"

function build(root) {
  const s = root.dataflow = {root, svg: make("svg", root), blocks: []}
  s.head = make("svg", s.svg)
  set(root, {role: "img"})
  watchSize(root, s, () => layAll(s))
  return s
}

const PARTS = ["wires", "weights", "boxes", "kinds", "shapes", "sizes", "names", "notes", "words", "labels", "values"]

function blockOf(s, i) {
  if (!s.blocks[i]) {
    const node = make("g", s.svg), block = s.blocks[i] = {node}
    for (const part of PARTS) block[part] = make("g", node)
  }
  return s.blocks[i]
}

// One text a place: [x, y, words, class].
function texts(group, list) {
  children(group, "text", list.length).forEach((node, i) => {
    const [x, y, words, name] = list[i]
    set(node, {x: px(x), y: px(y), class: name})
    write(node, words)
  })
}

// One wire a place: [x0, y0, x1, y1, wire].
function wires(group, list) {
  children(group, "line", list.length).forEach((node, i) => {
    const [x0, y0, x1, y1, wire] = list[i]
    set(node, {
      x1: px(x0), y1: px(y0), x2: px(x1), y2: px(y1), "stroke-width": wire.bits / 4 + 1,
      class: wire.integer ? "integer" : "float", "data-kind": wire.kind, "data-shape": wire.shape,
    })
  })
}

function boxes(group, list, height) {
  children(group, "rect", list.length).forEach((node, i) => {
    const [x, y, wide, high = height] = list[i]
    set(node, {x: px(x - wide / 2), y: px(y - high / 2), width: px(wide), height: high, rx: 5})
  })
}

function layAll(s) {
  const lines = s.d.lines, narrow = s.width < MOST_NARROW
  while (s.blocks.length > lines.length) s.blocks.pop().node.remove()
  layHead(s, narrow)
  lines.forEach((line, i) => layOne(blockOf(s, i), line, s.width, narrow, i))
}

// The baseline stands over the columns of the figures that it is compared with.
function layHead(s, narrow) {
  const {title, scope, figures} = s.d.head, left = narrow ? 0 : s.width * FLOW_SHARE + AIR
  const column = (s.width - left) / figures.length
  set(s.head, {class: "head"})
  texts(s.head, [
    [0, 14, `**${title}**`, "title"],
    [left, narrow ? 33 : 14, scope, "label"],
    ...figures.map(([, value], n) => [left + n * column, narrow ? 52 : 36, value, "base"]),
  ])
}

function layOne(block, line, width, narrow, i) {
  const m = narrow ? NARROW : WIDE, font = narrow ? SHORT_FONT : STATION_FONT
  set(block.node, {transform: `translate(0 ${m.head + i * m.block})`, "data-mode": line.mode})
  const end = narrow ? width : width * FLOW_SHARE
  const names = line.stations.map(each => narrow ? each.short : each.name)
  const boxWidths = names.map(name => Math.max(m.box - 4, widthOf(name, font) + (narrow ? 10 : 22)))
  const free = end - 2 * m.ends - boxWidths.reduce((a, b) => a + b, 0), each = free / line.wires.length
  const places = [], starts = []
  let x = m.ends
  line.wires.forEach((wire, n) => {
    starts.push(x)
    x += each
    if (n < names.length) {
      places.push(x + boxWidths[n] / 2)
      x += boxWidths[n]
    }
  })
  const middles = starts.map(start => start + each / 2), into = places[line.into]
  const tight = line.wires.some(wire => widthOf(wire.kind, KIND_FONT) > each - LONGEST_WIRE_WORD)
  const kind = wire => narrow || tight ? wire.short : wire.kind
  const style = (wire, name) => wire.integer ? `${name} integer` : name

  // The weight: straight down, or through its scale.
  const top = m.line - m.box / 2, real = {...line.weight, integer: false, bits: 32, kind: "float32"}
  const scaleY = top - 22, scaleHigh = 22, scaleWide = widthOf("× scale", font) + 14
  const down = line.scaled
    ? [[into, m.top, into, scaleY - scaleHigh / 2, line.weight], [into, scaleY + scaleHigh / 2, into, top, real]]
    : [[into, m.top, into, top, line.weight]]
  wires(block.wires, line.wires.map((wire, n) => [starts[n], m.line, starts[n] + each, m.line, wire]))
  wires(block.weights, down)
  boxes(block.boxes, [
    ...places.map((place, n) => [place, m.line, boxWidths[n]]),
    ...(line.scaled ? [[into, scaleY, scaleWide, scaleHigh]] : []),
  ], m.box)
  texts(block.names, [
    ...places.map((place, n) => [place, m.line + 4.5, names[n], "station"]),
    ...(line.scaled ? [[into, scaleY + 4.5, "× scale", "station"]] : []),
  ])

  const thick = wire => (wire.bits / 4 + 1) / 2
  texts(block.kinds, line.wires.map((wire, n) => [middles[n], m.line - thick(wire) - m.kind + 4, kind(wire), style(wire, "kind")]))
  texts(block.shapes, narrow ? [] : line.wires.map((wire, n) => [middles[n], m.line + 4 + m.shape, wire.shape, "shape"]))
  // On a phone a size stands only where its wire has room for it.
  const size = wire => narrow ? wire.size.replace("\u00a0", "") : wire.size
  texts(block.sizes, line.wires.map((wire, n) => [middles[n], m.line + 4 + m.size,
    widthOf(size(wire), SHORT_FONT) < each + 4 ? size(wire) : "", "shape"]))

  const w = line.weight, weightWords = narrow ? `W ${w.short}` : `W ${w.kind} · ${w.shape} · ${w.size}`
  texts(block.words, [
    [0, m.title, narrow ? `**${line.mode}**` : `**${line.mode}** ${line.claim}`, "title"],
    ...(narrow ? [[0, m.title + 17, line.claim, "label claim"]] : []),
    [into + 9, m.top + 9, weightWords, `${style(w, "kind")} weight`],
    ...(line.scaled ? [[into + scaleWide / 2 + 8, scaleY + 4.5, narrow ? "f32" : "float32", "kind weight"]] : []),
    [m.ends / 2 - 3, m.line + 4.5, "x", "end"],
    [end - m.ends / 2 + 3, m.line + 4.5, "y", "end"],
  ])
  texts(block.notes, line.stations.flatMap((station, n) => {
    if (!station.note) return []
    const half = widthOf(station.note, STATION_FONT) / 2 * (narrow ? .82 : .92)
    // Where the weight comes down, the words stand beside it.
    const near = n !== line.into && Math.abs(places[n] - into) < half + 8
    const from = near && places[n] < into ? Math.min(places[n], into - half - 8) : places[n]
    return [[clamp(from, half, end - half), top - (narrow ? 18 : 20), station.note, "note"]]
  }))

  const left = narrow ? 0 : end + AIR, column = (width - left) / line.figures.length
  const labelY = narrow ? m.line + 42 : m.line - 22
  texts(block.labels, line.figures.map(([label], n) => [left + n * column, labelY, label, "label"]))
  texts(block.values, line.figures.map(([, value], n) => [left + n * column, labelY + (narrow ? 20 : 26), value, "value"]))
}

export default function show(api) {
  const root = api.parentElement.querySelector(".ql-dataflow")
  const s = root.dataflow ?? build(root)
  if (s.d?.state === api.data.state) return
  s.d = api.data
  s.width ||= root.clientWidth
  if (s.width) layAll(s)
  set(root, {"aria-label": s.d.alt, "data-state": s.d.state})
}
