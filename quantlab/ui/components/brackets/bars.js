// The brackets, first part: what is drawn after a number of batches. Bars have the heights of log counts; above them one
// bracket an observer. The axes are those of all batches, so that nothing but bars and brackets moves while they pass.

const HEIGHT = 416, CONTROLS = 34     // px; the row that plays stands on top
const PHONE = 560                     // px of width: below it smaller words
const SIDE = 8, FOOT = 44             // px beside the axis, and below it
const ROW = 35, TOP = CONTROLS + 24   // px a bracket, and where the first one's line lies
const TICK = 5, END = 8               // px: a code's tick, and half an end
const NAME_FONT = "13px Inter, sans-serif", NAME_GAP = 7
const ROOM_FOR_WORDS = 24             // px around the words in the empty part

function layScale(s) {
  const {d} = s, ends = d.brackets.flatMap(each => [...each.lo, ...each.hi])
  const lo = Math.min(d.first, ...ends), hi = Math.max(d.last, ...ends), wide = s.width - 2 * SIDE
  s.x = v => SIDE + (v - lo) / (hi - lo || 1) * wide
  s.foot = HEIGHT - FOOT
  s.head = TOP + ROW * (d.brackets.length - 1) + 22    // where the highest bar may end
  const sums = d.counts[0].map((_, bar) => d.counts.reduce((sum, batch) => sum + batch[bar], 0))
  const most = Math.log1p(Math.max(1, ...sums))
  s.y = count => s.foot - Math.log1p(count) / most * (s.foot - s.head)
  s.barX = bar => s.x(d.first + (d.last - d.first) * bar / sums.length)
  s.ordinaryEnd = sums.reduce((end, sum, bar) => sum > (d.odd ? d.counts[d.odd - 1][bar] : 0) ? bar + 1 : end, 0)
}

function layAxis(s) {
  const {d} = s
  set(s.axis, {d: `M${SIDE} ${s.foot + .5}H${px(s.width - SIDE)}`})
  const shown = d.ticks.filter(([, text], i) => !s.small || d.ticks.length < 8 || i % 2 === 0)
  children(s.ticks, "text", shown.length).forEach((node, i) => {
    const half = widthOf(shown[i][1], NAME_FONT) / 2
    write(node, shown[i][1])
    set(node, {x: px(clamp(s.x(shown[i][0]), half, s.width - half)), y: s.foot + 17})
  })
  write(s.caption, s.small ? d.axis : `${d.axis}; bar heights are log counts`)
  set(s.caption, {x: px(s.width / 2), y: s.foot + 36})
}

// Bars of one layer as one path: from `base` to `top`, a hair apart.
function barsPath(s, base, top) {
  let path = ""
  for (let bar = 0; bar < top.length; bar++) {
    if (top[bar] <= base[bar]) continue
    const x0 = s.barX(bar), x1 = s.barX(bar + 1), gap = Math.min(.8, (x1 - x0) * .1)
    path += `M${px(x0 + gap)} ${px(s.y(base[bar]))}V${px(s.y(top[bar]))}H${px(x1 - gap)}V${px(s.y(base[bar]))}Z`
  }
  return path
}

function drawBars(s) {
  const {d} = s, bars = d.counts[0].length, usual = new Array(bars).fill(0), all = new Array(bars).fill(0)
  for (let batch = 0; batch < s.at; batch++) for (let bar = 0; bar < bars; bar++) {
    all[bar] += d.counts[batch][bar]
    if (batch !== d.odd - 1) usual[bar] += d.counts[batch][bar]
  }
  const none = new Array(bars).fill(0)
  set(s.usual, {d: barsPath(s, none, usual), "data-count": usual.reduce((a, b) => a + b, 0)})
  set(s.oddBars, {d: barsPath(s, usual, all), "data-count": all.reduce((a, b) => a + b, 0) - usual.reduce((a, b) => a + b, 0)})
}

function drawBrackets(s) {
  const {d} = s, i = s.at - 1
  children(s.rows, "g", d.brackets.length).forEach((group, row) => {
    const each = d.brackets[row], y = TOP + ROW * row, x0 = s.x(each.lo[i]), x1 = s.x(each.hi[i]), best = each.best[i]
    if (!group.firstChild) for (const tag of ["path", "path", "text"]) make(tag, group)
    const [line, ticks, text] = group.children
    set(group, {class: best ? "bracket best" : "bracket", "data-name": each.name, "data-span": each.span[i], "data-level": each.level[i]})
    set(line, {d: `M${px(x0)} ${y - END}V${y + END}M${px(x0)} ${y}H${px(x1)}M${px(x1)} ${y - END}V${y + END}`, class: "span"})
    let path = ""
    if (d.codes && x1 - x0 > 3 * (d.codes[1] - d.codes[0])) for (let q = d.codes[0] + 1; q < d.codes[1]; q++) {
      const x = s.x((q - each.zero[i]) * each.scale[i])
      if (x > x0 + 2 && x < x1 - 2) path += `M${px(x)} ${y}v${TICK}`
    }
    set(ticks, {d: path, class: "codes"})
    write(text, `**${each.name}**  ${each.span[i]}   ${each.level[i]}`)
    const wide = widthOf(each.name, BOLD + NAME_FONT) + widthOf(`  ${each.span[i]}   ${each.level[i]}`, NAME_FONT)
    set(text, {x: px(clamp(x0 + NAME_GAP, 0, s.width - wide - 2)), y: y - 8})
    // The hairlines fall through the rows below, so each begins at its own line's end.
    set(s.falls[row] ??= make("path", s.fallLayer), {d: `M${px(x0)} ${y + END}V${s.foot}M${px(x1)} ${y + END}V${s.foot}`, class: best ? "fall best" : "fall"})
  })
  while (s.falls.length > d.brackets.length) s.falls.pop().remove()
}

// "only the odd 20th batch" stands in the widest free part of what only it reaches.
function drawWords(s) {
  const {d} = s, i = s.at - 1, from = s.barX(s.ordinaryEnd), end = s.barX(d.counts[0].length)
  const shown = d.odd && s.at >= d.odd && !s.small
  const ends = [from, end, ...d.brackets.flatMap(each => [s.x(each.lo[i]), s.x(each.hi[i])])].filter(x => x >= from && x <= end)
  ends.sort((a, b) => a - b)
  const gaps = ends.slice(1).map((x, n) => [ends[n], x]).sort((a, b) => b[1] - b[0] - a[1] + a[0])
  const room = gaps.length ? gaps[0][1] - gaps[0][0] : 0, wide = blockWidth(d.oddName, NAME_FONT)
  write(s.words, shown && room > wide + ROOM_FOR_WORDS ? d.oddName : "")
  if (room) set(s.words, {transform: `translate(${px((gaps[0][0] + gaps[0][1]) / 2)} ${px(s.head + (s.foot - s.head) * .3)})`})
}
