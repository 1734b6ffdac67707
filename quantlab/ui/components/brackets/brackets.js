// The brackets, second part: what answers. The default export is called again on every rerun; nodes stay. Batches are
// played in the browser; the page hears only where that comes to rest.

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)")
const PLAY_MS = 260, REST_MS = 400, ANSWER_MS = 3000

function build(root) {
  const s = root.brackets = {root, svg: make("svg", root), timer: 0, resting: 0, falls: [], sent: null, awaited: null}
  set(s.svg, {role: "img"})
  const defs = make("defs", s.svg), hatch = make("pattern", defs)
  set(hatch, {id: "ql-brackets-hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)"})
  set(make("path", hatch, "slants"), {d: "M0 0V5"})
  for (const [name, tag, style] of [["usual", "path", "usual"], ["oddBars", "path", "odd"], ["fallLayer", "g"], ["axis", "path", "axis"],
    ["ticks", "g", "ticks"], ["caption", "text", "caption"], ["words", "text", "words"], ["rows", "g"]]) s[name] = make(tag, s.svg, style)
  buildControls(s)
  watchSize(root, s, () => layAll(s))
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
  const row = element("div", s.root, "row")
  const button = (text, label, act) => {
    const node = element("button", row, "step", text)
    node.type = "button"
    node.setAttribute("aria-label", label)
    node.title = label
    node.addEventListener("click", act)
    return node
  }
  s.back = button("‹", "One batch back", () => step(s, s.at - 1))
  s.play = button("▶ Play", "Play the batches", () => s.timer ? stop(s) : start(s))
  s.forward = button("›", "One batch on", () => step(s, s.at + 1))
  s.slider = element("input", row)
  Object.assign(s.slider, {type: "range", min: 1, step: 1})
  s.slider.setAttribute("aria-label", "Batches")
  s.slider.addEventListener("input", () => step(s, +s.slider.value))
  s.said = element("span", row, "said")
  const calm = () => {
    s.play.disabled = reducedMotion.matches
    s.play.title = reducedMotion.matches ? "Your system asks for less motion: step through the batches instead" : "Play the batches"
    if (reducedMotion.matches && s.timer) stop(s)
  }
  reducedMotion.addEventListener("change", calm)
  calm()
}

// The visitor goes to a batch: whatever plays stops, and when nothing more comes, the page is told.
function step(s, at) {
  halt(s)
  go(s, at)
  clearTimeout(s.resting)
  s.resting = setTimeout(() => rest(s), REST_MS)
}

function rest(s) {
  clearTimeout(s.resting)
  s.resting = 0
  if (s.sent === s.at) return
  s.sent = s.awaited = s.at
  setTimeout(() => { s.awaited = null }, ANSWER_MS)
  s.api.setTriggerValue("rest", {of: s.d.of, batches: s.at})
}

function go(s, at) {
  const {d} = s
  s.at = clamp(at, 1, d.counts.length)
  const words = `batch ${s.at} of ${d.counts.length}${s.at === d.odd ? ", the odd one" : ""}`
  s.slider.value = s.at
  s.slider.setAttribute("aria-valuetext", words)
  s.said.textContent = words
  s.back.disabled = s.at === 1
  s.forward.disabled = s.at === d.counts.length
  drawBars(s)
  drawBrackets(s)
  drawWords(s)
  set(s.svg, {"data-at": s.at})
}

function start(s) {
  clearTimeout(s.resting)
  if (s.at >= s.d.counts.length) go(s, 1)
  s.timer = setInterval(() => {
    if (!s.root.isConnected) return halt(s)
    go(s, s.at + 1)
    if (s.at >= s.d.counts.length) stop(s)
  }, PLAY_MS)
  s.play.textContent = "❙❙ Pause"
}

function halt(s) {
  clearInterval(s.timer)
  s.timer = 0
  s.play.textContent = "▶ Play"
}

function stop(s) {
  halt(s)
  rest(s)
}

function layAll(s) {
  s.small = s.width < PHONE
  set(s.svg, {"aria-label": s.d.alt, viewBox: `0 0 ${s.width} ${HEIGHT}`, width: s.width, height: HEIGHT})
  s.slider.max = s.d.counts.length
  layScale(s)
  layAxis(s)
  go(s, s.at)
}

export default function show(api) {
  const root = api.parentElement.querySelector(".ql-brackets")
  const s = root.brackets ?? build(root), was = s.d, d = api.data
  s.api = api
  if (was?.state === d.state) return
  s.d = d
  // The page's word counts where it changed; what plays, or has not come to rest yet, goes on, and an answer to what was
  // said before the last word is none.
  const late = was && was.of === d.of && s.awaited !== null && s.awaited !== d.at
  if (s.awaited === d.at) s.awaited = null
  if (!late && (!was || was.at !== d.at || was.of !== d.of)) {
    if (!s.timer && !s.resting) s.at = d.at
    s.sent = d.at
  }
  s.width ||= root.clientWidth
  if (s.width) layAll(s)
  set(root, {"data-state": d.state})
}
