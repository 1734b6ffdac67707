// The fall, second half: what moves and what answers. The default export is called again on every rerun: nodes stay,
// their attributes change, and what the grid moved glides to its new place, so that the eye can follow.

const GLIDE_MS = 180
const LONGEST_STEP_MS = 150           // a busy page shortens the glide, it does not swallow it
const POINTER_REACH = 12
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)")

const PARTS = [                       // [name, element, class, inside the window that cuts at the axis], bottom to top
  ["zeroLine", "path", "zero-line"], ["ticks", "g"],
  ["funnels", "g", null, true], ["idleHairs", "path", "hair", true], ["usedHairs", "path", "hair used", true],
  ["wedges", "g", null, true], ["slants", "path", "slant", true], ["lostSlants", "path", "lost", true], ["pickLine", "path", "pick-line", true],
  ["bins", "path", "bins"], ["lostBins", "path", "lost-bins"], ["rare", "path", "rare"], ["rareLost", "path", "rare lost"], ["binCut", "path", "cut"],
  ["axis", "path", "axis"], ["dots", "g"], ["pick", "path", "pick"],
  ["levels", "g"], ["levelCuts", "path", "cut"], ["pinned", "path", "pinned"], ["codes", "g"], ["shares", "g"], ["words", "g"], ["rowNames", "g"],
]

function build(root, said) {
  const s = root.fall = {root, said, svg: make("svg", root), chosen: null, sent: null, raf: 0}
  for (const [name, tag, style, cutAtAxis] of PARTS) {
    if (cutAtAxis) s.inner ??= make("svg", s.svg)
    s[name] = make(tag, cutAtAxis ? s.inner : s.svg, style)
  }
  s.tip = document.createElement("div")
  s.tip.className = "tip"
  s.tip.hidden = true
  root.append(s.tip)
  set(root, {role: "img", tabindex: 0})

  watchSize(root, s, () => {
    layout(s)
    frame(s)
  })

  const under = event => {
    const box = root.getBoundingClientRect()
    return hitAt(s, event.clientX - box.left, event.clientY - box.top)
  }
  root.addEventListener("pointermove", event => showTip(s, under(event)))
  root.addEventListener("pointerleave", () => showTip(s, null))
  root.addEventListener("click", event => {
    const hit = under(event)
    if (hit?.item === undefined) return showTip(s, hit)
    choose(s, s.d.index[hit.item] === s.chosen ? null : hit.item)
    send(s)
  })
  root.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const last = s.d.index.length - 1, now = s.d.index.indexOf(s.chosen)
    const next = {ArrowLeft: now < 0 ? last : now - 1, ArrowRight: now + 1, Home: 0, End: last}[event.key]
    if (next !== undefined && last >= 0) {
      event.preventDefault()          // or the page would scroll
      choose(s, clamp(next, 0, last))
    }
    if (event.key === "Escape") choose(s, null)
  })
  // A held key sends nothing until it is let go.
  root.addEventListener("keyup", () => send(s))
  root.addEventListener("blur", () => {
    send(s)
    showTip(s, null)
  })
  return s
}

function choose(s, item) {
  s.chosen = item === null ? null : s.d.index[item]
  frame(s)
  showTip(s, item === null ? null : {text: itemText(s.d, item), x: s.spots[item][0], y: s.spots[item][1]})
  s.said.textContent = item === null ? "" : itemText(s.d, item).replaceAll("\n", ", ")
}

function itemText(d, item) {
  const [x, xHat, error] = d.texts[item]
  return `x = ${x}\ncode ${codeText(d.code[item])}, x̂ = ${xHat}\nerror ${error}`
}

function levelText(d, i) {
  const one = d.by === 1, span = d.ends.length - levelCount(d), last = levelCount(d) - 1
  const head = one ? `code ${codeText(d.low + i)}, x̂ = ${d.xHat[i]}` : `codes ${codeText(firstCode(d, i))} to ${codeText(lastCode(d, i))}`
  const from = d.openEnds && i === 0 ? null : d.ends[i], to = d.openEnds && i === last ? null : d.ends[i + span]
  const takes = (one ? "takes " : "take ") + (from === null ? `up to ${to}` : to === null ? `${from} and above` : `${from} to ${to}`)
  return [head, takes, d.counts[i] ? d.percent[i] + "\u00a0% of the values" : "never used"].join("\n")
}

function send(s) {
  if (s.sent === s.chosen) return
  s.sent = s.chosen
  s.api.setTriggerValue("chosen", {of: s.d.of, index: s.chosen})
}

function showTip(s, hit) {
  s.tip.hidden = !hit
  if (!hit) return
  s.tip.textContent = hit.text
  s.tip.style.left = clamp(hit.x + 14, 0, s.width - s.tip.offsetWidth) + "px"
  s.tip.style.top = clamp(hit.y - s.tip.offsetHeight - 10, 0, HEIGHT - s.tip.offsetHeight) + "px"
}

// What lies under the pointer: its words, and the item that a click would choose.
function hitAt(s, x, y) {
  const {d, geo} = s
  if (!geo || !s.width) return null
  if (d.few && y < LANDING) {
    let nearest = POINTER_REACH, item
    d.x.forEach((u, i) => {
      const [spotX, spotY] = s.spots[i]
      const onSlant = mix(s.x(u), s.x(geo.land[i]), (y - VALUE_LINE) / (LANDING - VALUE_LINE))
      const gap = y < VALUE_LINE ? Math.hypot(x - spotX, y - spotY) : Math.abs(x - onSlant) + 4
      if (gap < nearest) {
        nearest = gap
        item = i
      }
    })
    if (item !== undefined) return {text: itemText(d, item), x, y, item}
  }
  if (!d.few && y < VALUE_LINE) {
    const bin = s.binAt(x), at = d.occupied.indexOf(bin)
    return at < 0 ? null : {text: d.near[at], x, y, item: at < d.index.length ? at : undefined}
  }
  const level = Math.round((((x - s.left) / s.wide - d.first) / d.step - (d.by - 1) / 2) / d.by)
  if (y < VALUE_LINE || !(level >= 0 && level < levelCount(d))) return null
  return {text: levelText(d, level), x, y}
}

// Draws s.geo, whether it is on its way or has arrived.
function frame(s) {
  const {d, geo, x} = s, fine = levelCount(d) > MOST_FUNNELS
  if (!x) return
  const funnels = fine ? [] : geo.levels, tip = geo.step * .05, [cellLo, cellHi] = d.cell
  children(s.funnels, "path", funnels.length).forEach((node, i) => {
    const {u, kind, opacity} = funnels[i], lo = clamp(u + cellLo * geo.step, 0, 1), hi = clamp(u + cellHi * geo.step, 0, 1)
    const shape = `M${px(x(lo))} ${VALUE_LINE}H${px(x(hi))}L${px(x(u + tip))} ${LANDING}H${px(x(u - tip))}z`
    set(node, {class: kind, opacity: opacity < 1 ? px(opacity) : null, d: lo < hi ? shape : ""})
  })
  drawHairs(s, fine)
  drawLevels(s, fine)
  drawSlants(s)
  ;[...s.codes.children].forEach((node, i) => {
    const {level, half, shift, x: still} = s.codeLabels[i]
    set(node, {x: px(level < 0 ? still : codeX(s, x(geo.levels[level].u) + shift, half))})
  })
  ;[...s.shares.children].forEach((node, i) => {
    const {level, half} = s.shareLabels[i], {u, height} = geo.levels[level]
    set(node, {x: px(clamp(x(u), half, s.width - half)), y: px(BARS_FROM + 15 + height * BAR_DEPTH)})
  })
  const chosen = s.chosen === null ? -1 : d.index.indexOf(s.chosen)
  if (chosen < 0) {
    set(s.pickLine, {d: ""})
    return set(s.pick, {d: ""})
  }
  set(s.pickLine, {d: `M${px(x(d.x[chosen]))} ${VALUE_LINE}L${px(x(geo.land[chosen]))} ${LANDING}`})
  set(s.pick, {d: `M${px(s.spots[chosen][0])} ${px(s.spots[chosen][1])}${s.pickMarks[d.clipped[chosen]]}`})
}

function drawHairs(s, fine) {
  const {d, geo, x} = s, n = levelCount(d)
  let idle = "", used = "", together = 1
  while (together * geo.step * s.wide < HAIR_GAP && together < n) together *= 2
  for (let i = 0; fine && i < n; i += together) {
    if (!onAxis(geo.levels[i].u)) continue
    const hair = `M${px(x(geo.levels[i].u))} ${VALUE_LINE}V${LANDING}`
    if (d.counts.slice(i, i + together).some(count => count)) used += hair
    else idle += hair
  }
  set(s.idleHairs, {d: idle})
  set(s.usedHairs, {d: used})
}

function drawLevels(s, fine) {
  const {d, geo, x} = s, n = levelCount(d)
  const wide = Math.max(1, Math.min(geo.step * (fine ? .92 : .5), WIDEST_BAR) * s.wide)
  children(s.levels, "rect", geo.levels.length).forEach((node, i) => {
    const {u, height} = geo.levels[i], stands = i < n
    set(node, {
      class: "level", x: onAxis(u) ? px(x(u) - wide / 2) : 0, y: BARS_FROM, width: px(wide),
      height: height > 0 && onAxis(u) ? px(Math.max(1, height * BAR_DEPTH)) : 0,
      "data-code": !stands ? null : d.by === 1 ? firstCode(d, i) : `${firstCode(d, i)} to ${lastCode(d, i)}`,
      "data-share": stands ? d.counts[i] / Math.max(d.n, 1) : null,
    })
  })
  const cuts = d.cut.filter(i => onAxis(geo.levels[i].u))
  set(s.levelCuts, {d: cuts.map(i => cutMark(x(geo.levels[i].u), BARS_FROM + BAR_DEPTH - 14, wide)).join("")})
}

function drawSlants(s) {
  const {d, geo, x} = s
  let slants = "", lost = ""
  if (d.few) d.x.forEach((u, i) => {
    const slant = `M${px(x(u))} ${VALUE_LINE}L${px(x(geo.land[i]))} ${LANDING}`
    if (!d.clipped[i]) slants += slant
    else if (d.clips.every(c => !c.wedge)) lost += slant        // it wraps; a wedge brings its own lines
  })
  const wedges = d.clips.filter(c => c.wedge)
  children(s.wedges, "path", wedges.length).forEach((node, i) => {
    const {side, far, lines} = wedges[i], low = side === "low"
    const foot = geo.levels[low ? 0 : levelCount(d) - 1].u, edge = foot + d.cell[low ? 0 : 1] * geo.step / d.by
    set(node, {class: "wedge", d: `M${px(x(edge))} ${VALUE_LINE}H${px(x(far))}L${px(x(foot))} ${LANDING}z`})
    for (const u of lines) lost += `M${px(x(u))} ${VALUE_LINE}L${px(x(foot))} ${LANDING}`
  })
  set(s.slants, {d: slants})
  set(s.lostSlants, {d: lost})
}

// Where everything is at rest.
function atRest(d) {
  return {
    step: d.step * d.by, land: d.land,
    levels: d.counts.map((count, i) => ({
      u: placeOfLevel(d, i), height: d.bars[i], opacity: 1,
      kind: !count ? "funnel" : firstCode(d, i) % 2 ? "funnel used odd" : "funnel used",
    })),
  }
}

const nearestTo = (levels, u) => levels.reduce((best, l, i) => Math.abs(l.u - u) < Math.abs(levels[best].u - u) ? i : best, 0)

// Where each level starts. As many codes: from itself. Otherwise from the nearest old level, which splits; an old
// level that nobody started from fades into its nearest new one, behind the new ones in the list.
function depart(s, to) {
  const old = s.geo.levels.slice(0, s.standing), same = old.length === to.levels.length
  const fine = Math.max(old.length, to.levels.length) > MOST_FUNNELS
  const origin = to.levels.map((l, i) => same ? i : nearestTo(old, l.u))
  const heir = same ? [] : old.map(l => nearestTo(to.levels, l.u))
  const fading = same || fine ? [] : old.map((_, j) => j).filter(j => origin[heir[j]] !== j)
  s.from = {
    step: s.geo.step, land: s.geo.land,
    levels: [...origin.map((j, i) => ({...old[j], opacity: same || heir[j] === i ? 1 : 0})), ...fading.map(j => old[j])],
  }
  s.to = {
    step: to.step, land: to.land,
    levels: [...to.levels, ...fading.map(j => ({...to.levels[heir[j]], opacity: 0, kind: old[j].kind}))],
  }
}

function glide(s, now) {
  // The frame's own time may lie before the time at which the glide was asked for.
  s.clock += clamp(now - s.then, 0, LONGEST_STEP_MS)
  s.then = Math.max(now, s.then)
  const t = Math.min(1, s.clock / GLIDE_MS), eased = 1 - (1 - t) ** 3, {from, to} = s
  if (t === 1) return arrive(s)
  s.geo = {
    step: mix(from.step, to.step, eased), land: from.land.map((u, i) => mix(u, to.land[i], eased)),
    levels: to.levels.map(({kind, ...end}, i) => {
      const start = from.levels[i]
      return {kind, u: mix(start.u, end.u, eased), height: mix(start.height, end.height, eased), opacity: mix(start.opacity, end.opacity, eased)}
    }),
  }
  frame(s)
  s.raf = requestAnimationFrame(time => glide(s, time))
}

function arrive(s) {
  s.raf = 0
  s.geo = atRest(s.d)
  frame(s)
  set(s.root, {"data-state": s.d.state})
}

function shouldGlide(s, was, d) {
  if (!was || was.of !== d.of || String(was.axis) !== String(d.axis) || s.geo.land.length !== d.land.length) return false
  if (reducedMotion.matches || document.hidden || !s.width) return false
  return [was.first, was.step, was.by, was.bars].join() !== [d.first, d.step, d.by, d.bars].join()
}

export default function show(api) {
  const root = api.parentElement.querySelector(".ql-fall")
  const s = root.fall ?? build(root, api.parentElement.querySelector(".ql-fall-said"))
  const was = s.d, d = api.data
  s.api = api
  if (was?.state === d.state) return
  s.d = d
  s.width ||= root.clientWidth
  // The page's word counts where it changed; between its words the visitor's own choice stands.
  if (!was || was.of !== d.of || was.chosen !== d.chosen) s.chosen = s.sent = d.chosen
  const gliding = shouldGlide(s, was, d), to = atRest(d)
  cancelAnimationFrame(s.raf)
  if (gliding) {
    depart(s, to)
    s.geo = s.from
  } else s.geo = to
  s.standing = levelCount(d)
  if (s.width) layout(s)
  if (!gliding) return arrive(s)
  set(root, {"data-state": ""})
  s.clock = 0
  s.then = performance.now() - 16     // the first step is drawn now, not a frame later
  glide(s, s.then + 16)
}
