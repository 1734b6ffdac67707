// The cross, third part: what answers. The default export is called again on every rerun; nodes stay. Choosing a cell
// tells Python, which sends that cell's sum; playing the sum stays in the browser and never disturbs the page.

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)")
const PLAYS = "Play the sum term by term", CALM = "Play: your system asks for less motion, so step through the terms instead"
const PLAY_MS = 650, WHOLE_PLAY_MS = 6000, FRAME_MS = 90

function build(root, said) {
  const s = root.cross = {root, said, svg: make("svg", root), timer: 0, sent: null}
  set(root, {role: "group", tabindex: -1})
  set(s.svg, {role: "application", tabindex: 0})
  s.matrixLayer = make("g", s.svg)
  s.groups = [0, 1, 2].map(which => {
    const group = make("g", s.matrixLayer, ["x", "w", "product"][which])
    return {shades: make("g", group), name: make("text", group), group}
  })
  s.bands = make("path", s.svg, "bands")
  s.cellFill = make("path", s.svg, "cell-fill")
  s.groups.forEach(g => { g.texts = make("g", s.svg) })
  s.frames = make("path", s.svg, "frames")
  s.cellFrame = make("path", s.svg, "cell-frame")
  s.sumLayer = make("g", s.svg)
  for (const [name, tag, style] of [["band", "rect", "band"], ["axis", "path", "axis"], ["ends", "g"], ["endNames", "g", "end-names"], ["ticks", "g", "ticks"],
    ["ahead", "path", "ahead"], ["truth", "path", "truth"], ["jumps", "path", "jumps"], ["line", "path", "line"], ["lostLine", "path", "line lost"], ["tail", "path", "line"],
    ["marks", "g"], ["terms", "g"], ["sums", "g"], ["truthName", "text", "truth-name"], ["finish", "g", "finish"]]) s[name] = make(tag, s.sumLayer, style)
  buildControls(s)
  s.tip = element("div", root, "tip")
  s.tip.hidden = true

  watchSize(root, s, () => layAll(s))
  const under = event => {
    const box = root.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top, hit = s.places && cellAt(s, x, y)
    return hit && {...hit, x, y}
  }
  s.svg.addEventListener("pointermove", event => showTip(s, under(event)))
  s.svg.addEventListener("pointerleave", () => showTip(s, null))
  s.svg.addEventListener("click", event => {
    const hit = under(event)
    if (!hit) return
    if (hit.which !== 1) s.row = hit.row
    if (hit.which !== 0) s.column = hit.column
    moved(s)
    send(s)
  })
  s.svg.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key], product = s.d.matrices[2]
    if (!move) return
    event.preventDefault()            // or the page would scroll
    s.row = clamp(s.row + move[0], 0, product.rows - 1)
    s.column = clamp(s.column + move[1], 0, product.columns - 1)
    moved(s)
  })
  // A held key sends nothing until it is let go.
  s.svg.addEventListener("keyup", event => event.key.startsWith("Arrow") && send(s))
  s.svg.addEventListener("blur", () => {
    send(s)
    showTip(s, null)
  })
  return s
}

function element(tag, parent, name, text = "") {
  const node = document.createElement(tag)
  if (name) node.className = name
  if (text) node.textContent = text
  parent.append(node)
  return node
}

function buildControls(s) {
  s.controls = element("div", s.root, "controls")
  s.heading = element("div", s.controls, "heading")
  const row = element("div", s.controls, "row")
  const button = (text, label, act) => {
    const node = element("button", row, "step", text)
    node.type = "button"
    node.setAttribute("aria-label", label)
    node.title = label
    node.addEventListener("click", act)
    return node
  }
  s.back = button("‹", "One term back", () => show_(s, s.at - 1))
  s.play = button("▶ Play", PLAYS, () => s.timer ? stop(s) : start(s))
  s.forward = button("›", "One term on", () => show_(s, s.at + 1))
  s.slider = element("input", row)
  Object.assign(s.slider, {type: "range", min: 0, step: 1})
  s.slider.setAttribute("aria-label", "Terms added")
  s.slider.addEventListener("input", () => show_(s, +s.slider.value))
  s.caption = element("div", s.controls, "caption")
  const calm = () => {
    s.play.disabled = reducedMotion.matches
    label(s.play, "▶ Play", reducedMotion.matches ? CALM : PLAYS)
    if (reducedMotion.matches) stop(s)
  }
  reducedMotion.addEventListener("change", calm)
  calm()
}

// The visitor goes to a term: whatever plays stops.
function show_(s, at) {
  stop(s)
  go(s, at)
  s.said.textContent = captionOf(s)
}

function label(button, text, meaning) {
  button.textContent = text
  button.title = meaning
  button.setAttribute("aria-label", meaning)
}

function go(s, at) {
  s.at = clamp(at, 0, s.sum.products.length)
  s.slider.value = s.at
  s.slider.setAttribute("aria-valuetext", captionOf(s))
  s.back.disabled = s.at === 0
  s.forward.disabled = s.at === s.sum.products.length
  drawSum(s)
}

function start(s) {
  const rows = s.sum.products.length
  if (s.at >= rows) go(s, 0)
  // A long sum takes as long as a short one's patience: several terms a frame.
  const wait = Math.max(FRAME_MS, Math.min(PLAY_MS, WHOLE_PLAY_MS / rows)), by = Math.max(1, Math.round(rows * wait / WHOLE_PLAY_MS))
  const next = () => {
    if (!s.root.isConnected) return stop(s)
    go(s, s.at + by)
    if (s.at >= s.sum.products.length) stop(s)
  }
  s.timer = setInterval(next, wait)
  label(s.play, "❙❙ Pause", "Pause")
}

function stop(s) {
  clearInterval(s.timer)
  s.timer = 0
  label(s.play, "▶ Play", PLAYS)
}

// The choice has moved here. Small products bring the sums of all their cells along; of a large one it is still to come.
function moved(s) {
  layChoice(s)
  const known = chosenSum(s)
  set(s.sumLayer, {class: known ? "" : "stale"})
  if (known) {
    takeUp(s, known)
    laySum(s)
  }
  s.said.textContent = known ? `cell ${known.cell}, ${known.finish.join(", ").replaceAll("**", "")}` : `cell ${s.row}, ${s.column}`
}

function send(s) {
  const choice = `${s.row},${s.column}`
  if (s.sent === choice) return
  s.sent = choice
  s.api.setTriggerValue("chosen", {of: s.d.of, row: s.row, column: s.column})
}

function showTip(s, hit) {
  s.tip.hidden = !hit
  s.svg.style.cursor = hit ? "pointer" : ""
  if (!hit) return
  s.tip.textContent = cellWords(s, hit)
  s.tip.style.left = clamp(hit.x + 14, 0, s.width - s.tip.offsetWidth) + "px"
  s.tip.style.top = clamp(hit.y - s.tip.offsetHeight - 10, 0, s.high - s.tip.offsetHeight) + "px"
}

function layAll(s) {
  const {d} = s
  s.small = s.width < PHONE
  set(s.svg, {"aria-label": `${d.alt} Arrow keys choose a cell.`, viewBox: `0 0 ${s.width} ${s.high}`, width: s.width, height: s.high})
  layMatrices(s)
  layChoice(s)
  laySum(s)
}

function laySum(s) {
  s.slider.max = s.sum.products.length
  s.heading.replaceChildren()
  element("b", s.heading, null, "Running sum")
  s.heading.append(` of cell [${s.sum.cell}], on a ruler of bits`)
  layRuler(s)
  go(s, s.at)
}

const chosenSum = s => s.d.cells.find(cell => cell.cell === `${s.row}, ${s.column}`)

// Who looks at the whole sum goes on doing so; who is in the middle of one stays there.
function takeUp(s, sum) {
  const rows = sum.products.length
  s.at = !s.sum || s.at >= s.sum.products.length ? rows : Math.min(s.at, rows)
  s.sum = sum
}

export default function show(api) {
  const root = api.parentElement.querySelector(".ql-cross")
  const s = root.cross ?? build(root, api.parentElement.querySelector(".ql-cross-said"))
  const was = s.d, d = api.data
  s.api = api
  if (was?.state === d.state) return
  s.d = d
  for (const cell of d.cells) {
    cell.products ??= cell.x.map((v, i) => v * cell.w[i])
    cell.exact ??= cell.sums
  }
  s.width ||= root.clientWidth
  s.high ||= root.clientHeight
  // The page's word counts where it changed; between its words the visitor's own choice stands.
  if (!was || was.of !== d.of || was.row !== d.row || was.column !== d.column || s.sent === `${d.row},${d.column}`) {
    s.row = d.row
    s.column = d.column
    s.sent = `${d.row},${d.column}`
  }
  const known = chosenSum(s)
  set(s.sumLayer, {class: known ? "" : "stale"})
  takeUp(s, known ?? d.cells[0])
  if (s.width) layAll(s)
  set(root, {"data-state": d.state})
}
