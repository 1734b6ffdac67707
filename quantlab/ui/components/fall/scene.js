// The fall, first half: where everything stands. Python sends places as shares of the axis (0 its left end, 1 its
// right end) and ready strings; here they become pixels, and words find room. fall.js, the second half, moves things.

const HEIGHT = 416                    // the page reserves it, so it is the same on every screen
const TICK_ROW = 18                   // baselines and edges, from top to bottom
const ZERO_LINE_FROM = 26
const TOP_WORDS = 42, SECOND_WORDS = 79
const VALUE_LINE = 188.5
const LANDING = 298
const CODE_ROW = 316
const BARS_FROM = 329
const BAR_DEPTH = 62
const LAST_ROW = 409

const PHONE = 600                     // below it: smaller dots, no row labels, fewer ticks
const LEFT = 62, LEFT_PHONE = 8, RIGHT = 8
const MOST_FUNNELS = 64               // more levels become hairlines
const HAIR_GAP = 3
const BIN_HEIGHT = 156, PILE_HEIGHT = 105
const UNDER_ONE_WORD = 122, UNDER_TWO_WORDS = 84        // heights that leave room for one block of words, or two
const SMALLEST_BIN = 4.6              // lower bins get a dot, or nobody would see them
const PILE_GAP = 16, SMALLEST_DOT = 2.2
const WIDEST_BAR = .06                // of the axis: half of it still fits beside a level at the largest value
const OUTLINED_BAR = 12               // px from level to level; nearer bars of a pinned state share an outline
const ZERO_LABEL_GAP = 10             // "z = −8" has spaces of its own: a nearer neighbour would read as part of it
const SHARE_LABEL_CELL = 24, SMALLEST_LABELLED_SHARE = .005
const WORD_MARGIN = 6, WORD_REACH = 130

const BODY_FONT = "13px Inter, sans-serif"
const NEVER_FONT = "14px Inter, sans-serif"
const CODE_FONT = "12px 'JetBrains Mono', monospace"
const SHARE_FONT = "11px Inter, sans-serif"

// Level i of the picture; with many codes it stands for a group of them.
const levelCount = d => d.counts.length
const firstCode = (d, i) => d.low + i * d.by
const lastCode = (d, i) => Math.min(firstCode(d, i) + d.by - 1, d.high)
const placeOfCode = (d, q) => d.first + (q - d.low) * d.step
const placeOfLevel = (d, i) => placeOfCode(d, (firstCode(d, i) + lastCode(d, i)) / 2)
const onAxis = u => u >= 0 && u <= 1

// Everything that does not move while levels glide.
function layout(s) {
  const {d} = s
  s.small = s.width < PHONE
  s.left = s.small ? LEFT_PHONE : LEFT
  s.wide = s.width - s.left - RIGHT
  s.x = u => s.left + u * s.wide
  set(s.root, {"aria-label": d.alt})
  set(s.svg, {class: d.few ? "few" : "many", viewBox: `0 0 ${s.width} ${HEIGHT}`})
  // An inner window cuts what leaves the axis, in the same coordinates.
  set(s.inner, {x: s.left, width: s.wide, height: HEIGHT, viewBox: `${s.left} 0 ${s.wide} ${HEIGHT}`})
  set(s.axis, {d: `M${s.left} ${VALUE_LINE}H${s.width - RIGHT}`})
  set(s.zeroLine, {d: onAxis(d.origin) ? `M${px(s.x(d.origin))} ${LANDING}V${ZERO_LINE_FROM}` : ""})
  layTicks(s)
  if (d.few) layDots(s)
  else layBins(s)
  layCodes(s)
  layShares(s)
  layWords(s)
  layRowNames(s)
  layPinned(s)
}

function layTicks(s) {
  const {d} = s
  let ticks = s.small ? d.shortTicks : d.ticks
  const boxes = list => list.map(([u, text]) => {
    const half = widthOf(text, BODY_FONT) / 2
    return {text, half, x: clamp(s.x(u), half, s.width - half)}
  })
  const crowded = list => list.some((t, i) => i && t.x - t.half < list[i - 1].x + list[i - 1].half + 8)
  while (ticks.length > 1 && crowded(boxes(ticks))) {
    const keep = Math.max(0, ticks.findIndex(t => t[1] === "0")) % 2        // the 0 stays
    ticks = ticks.filter((_, i) => i % 2 === keep)
  }
  const placed = boxes(ticks)
  children(s.ticks, "text", placed.length).forEach((node, i) => {
    write(node, placed[i].text)
    set(node, {class: "tick", x: px(placed[i].x), y: TICK_ROW})
  })
}

// A dot each, piled up in columns.
function layDots(s) {
  const {d} = s, columns = s.small ? 40 : 64, piles = {}
  const rows = d.x.map(u => {
    const column = clamp(Math.floor(u * columns), 0, columns - 1)
    return piles[column] = (piles[column] ?? -1) + 1
  })
  const high = d.edges.length ? UNDER_TWO_WORDS - 14 : PILE_HEIGHT
  const gap = Math.min(PILE_GAP, high / (Math.max(0, ...rows) + 1))
  // In a high pile dots shrink; where they still overlap, their rims would look like a screw.
  const usual = s.small ? 3.5 : 5, r = clamp(px(gap * .62), SMALLEST_DOT, usual), dense = gap < 2 * r ? " dense" : ""
  const ground = r + (s.small ? 4.5 : 6)
  s.spots = d.x.map((u, i) => [s.x(u), VALUE_LINE - ground - rows[i] * gap])
  s.marks = markShapes(r)
  s.pickMarks = markShapes(Math.max(r, usual))
  children(s.dots, "path", d.x.length).forEach((node, i) => set(node, {
    class: (d.clipped[i] ? "dot clipped" : "dot") + dense,
    d: `M${px(s.spots[i][0])} ${px(s.spots[i][1])}${s.marks[d.clipped[i]]}`,
    "data-clipped": d.clipped[i] ? 1 : null,
  }))
  for (const node of [s.bins, s.lostBins, s.rare, s.rareLost, s.binCut]) set(node, {d: ""})
  s.roof = (x0, x1) => s.spots.reduce((high, [x, y]) => x > x0 - r && x < x1 + r ? Math.max(high, VALUE_LINE - y + r) : high, 0)
}

// Round where the value rounds, a diamond where it clips.
function markShapes(r) {
  const k = px(r * 1.28)
  return [`m-${r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 -${2 * r} 0z`, `m0 -${k}l${k} ${k}l-${k} ${k}l-${k} -${k}z`]
}

function layBins(s) {
  const {d} = s, [lo, hi] = d.binSpan, n = d.heights.length
  const wide = (hi - lo) / n * s.wide, leftOf = i => s.x(mix(lo, hi, i / n))
  // Words stand over the ends of the data. Bins that are high there are drawn lower, whatever the grid is.
  const reach = WORD_REACH / wide, ends = [d.occupied[0], d.occupied.at(-1)]
  const highest = d.heights.reduce((high, h, i) => ends.some(end => Math.abs(i - end) < reach) ? Math.max(high, h) : high, 0)
  const room = d.edges.length ? UNDER_TWO_WORDS : UNDER_ONE_WORD
  const tall = d.cutBin ? room : clamp(room / highest, room, BIN_HEIGHT)
  const box = (x, y, h) => h > .05 ? `M${px(x + wide * .06)} ${px(y)}v${px(-h)}h${px(wide * .88)}v${px(h)}z` : ""
  let bins = "", lostBins = "", rare = "", rareLost = ""
  d.heights.forEach((share, i) => {
    const x = leftOf(i), high = share * tall, lost = d.lost[i] * tall
    bins += box(x, VALUE_LINE, high - lost)
    lostBins += box(x, VALUE_LINE - high + lost, lost)
    if (!share || high >= SMALLEST_BIN) return
    const dot = `M${px(x + wide / 2 - 2)} ${VALUE_LINE - 7}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z`
    if (lost) rareLost += dot
    else rare += dot
  })
  set(s.bins, {d: bins})
  set(s.lostBins, {d: lostBins})
  set(s.rare, {d: rare})
  set(s.rareLost, {d: rareLost})
  set(s.binCut, {d: d.cutBin ? cutMark(leftOf(d.cutBin.bin) + wide / 2, VALUE_LINE - tall + 9, Math.max(wide, 6)) : ""})
  children(s.dots, "path", 0)
  s.pickMarks = markShapes(s.small ? 3.5 : 5)
  s.spots = d.x.map(u => [s.x(u), VALUE_LINE - 7])
  s.binAt = x => Math.floor((x - leftOf(0)) / wide)
  s.binCentre = i => leftOf(i + .5)
  s.roof = (x0, x1) => d.heights.reduce((high, h, i) => h && leftOf(i + 1) > x0 && leftOf(i) < x1 ? Math.max(high, h * tall, 9) : high, 0)
}

// Two slanted strokes in the colour of the paper: this bar goes on.
const cutMark = (x, y, wide) => [0, 5].map(dy => `M${px(x - wide / 2 - 2)} ${y + dy + 3}L${px(x + wide / 2 + 2)} ${y + dy - 3}`).join("")

// Codes: as many as have room, in steps of powers of two counted from the zero point.
function layCodes(s) {
  const {d} = s, n = levelCount(d), stepWide = d.step * s.wide
  const widest = Math.max(widthOf(codeText(d.low), CODE_FONT), widthOf(codeText(d.high), CODE_FONT))
  const need = Math.max(n <= 16 ? 15 : n <= 64 ? 27 : 44, widest + 3)
  let jump = 1
  while (jump * stepWide < need && jump <= d.high - d.low) jump *= 2
  const zeroIsCode = d.zero >= d.low && d.zero <= d.high
  const label = (text, u, more) => {
    const half = widthOf(text, (more.zero ? BOLD : "") + CODE_FONT) / 2, shift = more.shift ?? 0
    return {text, half, shift, x: codeX(s, s.x(u) + shift, half), ...more}
  }
  const labels = []
  for (let q = zeroIsCode ? d.zero - Math.floor((d.zero - d.low) / jump) * jump : d.low; q <= d.high; q += jump) {
    const u = placeOfCode(d, q), level = d.by === 1 ? q - d.low : -1
    if (!onAxis(u) || q === d.zero) continue
    const idle = d.unused.some(run => q >= run.first && q <= run.last)
    const used = jump > 1 ? d.n > 0 && !idle : d.counts[level] > 0
    labels.push(label(codeText(q), u, {level, used, own: jump === 1 && used}))
  }
  const zero = label(...zeroLabel(d, jump * stepWide - widest / 2, zeroIsCode))
  const apart = zero.text.includes("z") ? ZERO_LABEL_GAP : 3
  const free = labels.filter(l => Math.abs(l.x - zero.x) >= l.half + zero.half + apart)
  s.codeLabels = [...free.filter((l, i) => !i || l.x - free[i - 1].x >= l.half + free[i - 1].half + 3), zero]
  children(s.codes, "text", s.codeLabels.length).forEach((node, i) => {
    const l = s.codeLabels[i]
    write(node, l.text)
    set(node, {class: "code" + (l.zero ? " zero" : l.own ? " used own" : l.used ? " used" : ""), y: CODE_ROW})
  })
}

// The zero point is named even where it is no code or lies outside the axis: there an arrow shows the way.
function zeroLabel(d, room, isCode) {
  const digits = codeText(d.zero), full = "z = " + digits, fullWidth = widthOf(full, BOLD + CODE_FONT)
  if (!onAxis(d.origin)) return [d.origin < 0 ? "← " + full : full + " →", clamp(d.origin, 0, 1), {zero: true, level: -1}]
  const at = {zero: true, level: isCode && d.by === 1 ? d.zero - d.low : -1}
  if (!isCode || room >= fullWidth / 2 + ZERO_LABEL_GAP) return [full, d.origin, at]
  // Between its neighbours there is no room, but the end codes have none on one side.
  const spare = (fullWidth - widthOf(digits, BOLD + CODE_FONT)) / 2
  if (d.zero === d.low) return [full, d.origin, {...at, shift: -spare}]
  if (d.zero === d.high) return [digits + " = z", d.origin, {...at, shift: spare}]
  return [digits, d.origin, at]
}

const codeX = (s, x, half) => clamp(x, half + (s.small ? 0 : s.left), s.width - half)

// Shares under the bars, the large ones first where not all have room, and what falls to levels outside the axis.
function layShares(s) {
  const {d} = s, cell = d.step * d.by * s.wide, placed = []
  s.beyond = d.beyond.map(b => {
    const wide = widthOf(b.text, BODY_FONT), low = b.side === "low", x = low ? s.left : s.width - 4
    return {...b, x, y: LAST_ROW, end: low ? "start" : "end", box: {x0: low ? x : x - wide, x1: low ? x + wide : x, y0: LAST_ROW - 11, y1: HEIGHT}}
  })
  const wanted = d.counts.map((_, i) => i).filter(i => {
    if (!d.counts[i] || !onAxis(placeOfLevel(d, i))) return false
    return d.cut.includes(i) || cell >= SHARE_LABEL_CELL && !d.pinned && d.counts[i] / d.n >= SMALLEST_LABELLED_SHARE
  }).sort((a, b) => d.counts[b] - d.counts[a] || a - b)
  for (const level of wanted) {
    const half = widthOf(d.percent[level], SHARE_FONT) / 2, x = clamp(s.x(placeOfLevel(d, level)), half, s.width - half)
    const y = BARS_FROM + 15 + d.bars[level] * BAR_DEPTH, box = {x0: x - half, x1: x + half, y0: y - 9, y1: y + 2}
    const alone = placed.every(other => Math.abs(other.x - x) >= half + other.half + 3)
    if (alone && !s.beyond.some(other => overlap(box, other.box, 3))) placed.push({level, half, x})
  }
  s.shareLabels = placed
  children(s.shares, "text", placed.length).forEach((node, i) => {
    write(node, d.percent[placed[i].level])
    set(node, {class: "share"})
  })
}

// Words above the line: each takes the first of its places where it covers no value and no other word.
function layWords(s) {
  const {d} = s, taken = [], shown = []
  const place = ({variants, spots, name, font = BODY_FONT, must = false, high = false, ...data}) => {
    const tries = variants.flatMap(text => {
      const wide = blockWidth(text, font), lines = text.split("\n").length
      return spots.flatMap(({x, end}) => {
        const asked = end === "start" ? x : end === "end" ? x - wide : x - wide / 2
        const x0 = clamp(asked, 4, Math.max(4, s.width - 4 - wide)), x1 = x0 + wide
        const roof = s.roof(x0 - WORD_MARGIN, x1 + WORD_MARGIN), low = VALUE_LINE - Math.max(41, roof + 13) - LINE_HEIGHT * (lines - 1)
        const rows = high ? [TOP_WORDS, SECOND_WORDS, low] : [low, TOP_WORDS, SECOND_WORDS]
        return rows.map(y => ({text, x: end === "start" ? x0 : end === "end" ? x1 : (x0 + x1) / 2, y, end,
          box: {x0, x1, y0: y - 12, y1: y + LINE_HEIGHT * (lines - 1) + 4}, roof}))
      })
    })
    const clear = t => t.box.y0 >= ZERO_LINE_FROM && !taken.some(other => overlap(t.box, other, WORD_MARGIN))
    const best = tries.find(t => clear(t) && t.box.y1 <= VALUE_LINE - t.roof - 1) ?? (must ? tries.find(clear) ?? tries.at(-1) : null)
    if (!best) return
    taken.push(best.box)
    shown.push({...best, name, ...data})
  }
  const variants = words => s.small ? words.slice(-1) : words
  for (const e of d.edges) {
    const x = e.side === "low" ? s.left : s.width - 4
    place({variants: e.words, spots: [{x, end: e.side === "low" ? "start" : "end"}], name: "words edge", must: true, high: true})
  }
  for (const c of d.clips) {
    const x = clamp(s.x(c.far), s.left, s.width - 4), inward = c.side === "low" ? "start" : "end", outward = c.side === "low" ? "end" : "start"
    place({variants: variants(c.words), spots: [{x, end: inward}, {x, end: outward}], name: "words clip", must: true, high: d.few, clipped: c.n, side: c.side})
  }
  if (d.cutBin) {
    const x = s.binCentre(d.cutBin.bin)
    place({variants: [d.cutBin.text], spots: [{x: x + 12, end: "start"}, {x: x - 12, end: "end"}], name: "words edge", must: true})
  }
  for (const run of d.unused) {
    const x0 = s.x(run.lo), x1 = s.x(run.hi)
    const fitting = run.words.filter(text => blockWidth(text, NEVER_FONT) + 16 <= x1 - x0)
    place({variants: fitting, spots: [{x: (x0 + x1) / 2, end: "middle"}], name: "words never", font: NEVER_FONT})
  }
  if (d.note) place({variants: [d.note], spots: [{x: s.x(.5), end: "middle"}], name: "words never", font: NEVER_FONT, must: true})
  for (const b of s.beyond) shown.push({...b, name: "words beyond"})
  children(s.words, "text", shown.length).forEach((node, i) => {
    const w = shown[i]
    write(node, w.text)
    set(node, {class: w.name, "text-anchor": w.end, transform: `translate(${px(w.x)} ${px(w.y)})`,
      "data-clipped": w.clipped ?? null, "data-side": w.side ?? null, "data-share": w.share ?? null})
  })
}

function layRowNames(s) {
  const {part} = s.d, values = ["values", ...(part.length > 8 ? part.split(" ") : [part])].filter(Boolean)   // all within LEFT
  const names = s.small ? [] : [
    [values.join("\n"), VALUE_LINE - 6 - LINE_HEIGHT * (values.length - 1), "row float"], ["error\n= slant", 240, "row rounding"], ["codes", CODE_ROW, "row"], ["share %", 353, "row"]]
  children(s.rowNames, "text", names.length).forEach((node, i) => {
    const [text, y, name] = names[i]
    write(node, text)
    set(node, {class: name, transform: `translate(54 ${y})`})
  })
}

function layPinned(s) {
  const {pinned} = s.d
  if (!pinned) return set(s.pinned, {d: ""})
  const deep = pinned.bars.map(bar => px(Math.max(1, bar * BAR_DEPTH)))
  const bar = (u, half, i) => `M${px(s.x(u - half))} ${BARS_FROM}v${deep[i]}H${px(s.x(u + half))}v${-deep[i]}`
  // Dashes round each of many bars would be a thicket: neighbours share one outline.
  const half = pinned.step / 2, joined = pinned.step * s.wide < OUTLINED_BAR
  const runs = joined ? pinned.places.map((u, i) => {
    const starts = !i || u - pinned.places[i - 1] > 1.5 * pinned.step, ends = !(pinned.places[i + 1] - u < 1.5 * pinned.step)
    return (starts ? `M${px(s.x(u - half))} ${BARS_FROM}` : "") + `V${px(BARS_FROM + deep[i])}H${px(s.x(u + half))}` + (ends ? `V${BARS_FROM}` : "")
  }) : pinned.places.map((u, i) => bar(u, Math.min(half / 2, WIDEST_BAR / 2), i))
  set(s.pinned, {d: runs.join("")})
}
