// The cross, second part: the chosen cell's sum, term by term, on a signed ruler of bits. A step to the right or left is
// a product; how far out the line stands is how many bits the sum takes, so where a type ends is a line.

const CONTROLS = 64                   // px above the ruler: what is summed, and the row that plays
const RULER_TOP = 84, TICK_ROOM = 24, FINISH_LINE = 19
const MOST_LISTED = 12                // terms that have a line of their own
const MOST_JUMPS = 3
const MOST_THICK = 60                 // terms; a line of more is thinner
const LEAST_LEFT = .46                // of the width: play stays where it is while the matrices change
const RULER_FONT_TERM = "12.5px 'JetBrains Mono', monospace"
const MARKED_BITS = [8, 16, 32]
const RULER_FONT = "13px Inter, sans-serif"

// Where an integer stands: its sign, and the power of two that it has reached.
const reach = v => Math.sign(v) * Math.log2(1 + Math.abs(v))

function layRuler(s) {
  const {d, sum} = s, left = s.small ? 0 : Math.max(s.crossWide + 44, Math.round(LEAST_LEFT * s.width)), top = s.small ? PHONE_CROSS : 0
  const bottom = (s.small ? s.high : HEIGHT) - FINISH_LINE * sum.finish.length - 8
  const listed = sum.products.length <= MOST_LISTED, words = listed && !s.small ? sum.products.map((_, i) => termText(sum, i)) : []
  const from = left + 8 + (words.length ? Math.max(...words.map(text => widthOf(text, RULER_FONT_TERM))) + 20 : 0)
  // Of all cells that are known: the ruler does not move when another of them is chosen.
  const farthest = Math.max(16.2, ...d.cells.flatMap(cell => [...cell.exact, ...cell.sums]).map(v => Math.abs(reach(v)) + 1))
  const lo = d.signed ? -farthest : -1.2, hi = farthest, wide = s.width - from - 10
  s.ruler = {
    left, top, from, bottom, listed, wide, y0: top + RULER_TOP, y1: bottom - TICK_ROOM,
    x: v => from + (reach(v) - lo) / (hi - lo) * wide, at: power => from + (power - lo) / (hi - lo) * wide, lo, hi,
  }
  const {y0, y1, at} = s.ruler, rows = sum.products.length
  s.rowY = i => y0 + (i + .5) / rows * (y1 - y0)
  Object.assign(s.controls.style, {left: px(left) + "px", top: px(top) + "px", width: px(s.width - left) + "px"})

  const ends = MARKED_BITS.filter(bits => bits - 1 <= hi)
  const lines = ends.flatMap(bits => (d.signed ? [-1, 1] : [1]).map(sign => ({bits, place: at(sign * (bits - 1)), sign})))
  set(s.band, {x: px(at(Math.max(lo, -7))), y: px(y0), width: px(at(7) - at(Math.max(lo, -7))), height: px(y1 - y0)})
  set(s.axis, {d: `M${px(at(0))} ${px(y0)}V${px(y1)}`})
  children(s.ends, "path", lines.length).forEach((node, i) => {
    set(node, {d: `M${px(lines[i].place)} ${px(y0 - 4)}V${px(y1)}`, class: lines[i].bits === d.accumulatorBits ? "end in-use" : "end"})
  })
  const named = lines.filter(line => line.sign > 0), crowded = named.length > 1 && named[1].place - named[0].place < 84
  children(s.endNames, "text", named.length).forEach((node, i) => {
    const text = `int${named[i].bits}${crowded ? "" : " ends"}`, half = widthOf(text, RULER_FONT) / 2
    write(node, named[i].bits === d.accumulatorBits ? `**${text}**` : text)
    set(node, {x: px(clamp(named[i].place, from + half, s.width - half)), y: px(y0 - 9)})
  })
  const step = wide / (hi - lo) < 13 ? 8 : 4
  const powers = []
  for (let power = step; power <= hi; power += step) powers.push(...(d.signed ? [-power, power] : [power]))
  children(s.ticks, "text", powers.length + 1).forEach((node, i) => {
    const power = i ? powers[i - 1] : 0
    node.replaceChildren()
    delete node.writtenText
    if (!power) write(node, "0")
    else {
      make("tspan", node).textContent = power < 0 ? "−2" : "2"
      const upper = make("tspan", node)
      upper.textContent = Math.abs(power)
      set(upper, {dy: -4, "font-size": 10})
    }
    set(node, {x: px(at(power)), y: px(y1 + 17)})
  })
  children(s.finish, "text", sum.finish.length).forEach((node, i) => {
    write(node, sum.finish[i])
    set(node, {x: px(left + (s.small ? 0 : 2)), y: px(bottom + FINISH_LINE * (i + 1) - 6)})
  })
}

// A product as it is computed: each code less its zero point, where it has one.
function termText(sum, i) {
  const factor = (centred, zeros) => {
    const zero = zeros[i] ?? zeros
    return zero ? `(${codeText(centred + zero)} ${zero < 0 ? "+" : "−"} ${Math.abs(zero)})` : codeText(centred)
  }
  return `${factor(sum.x[i], sum.xZero)} × ${factor(sum.w[i], sum.wZero)} = ${codeText(sum.products[i])}`
}

// The line of sums as a path from term `first` up to `last`, whose sums are given.
function path(s, sums, first, last) {
  const {x} = s.ruler, {starts} = s.sum
  let d = ""
  for (let i = first; i < last; i++) {
    const begins = starts.includes(i), before = begins ? 0 : sums[i - 1]
    const above = i === 0 ? s.ruler.y0 : (s.rowY(i - 1) + s.rowY(i)) / 2
    // A sum that has gone round the corner starts anew at the other side: no line of numbers leads there.
    const wraps = s.d.wraps && s.sum.over.includes(i) && sums === s.sum.sums
    if (wraps) {
      d += `M${px(x(sums[i]))} ${px(s.rowY(i))}`
      continue
    }
    if (i === first || begins) d += `M${px(x(before))} ${px(begins ? above : s.rowY(i - 1))}`
    d += `V${px(s.rowY(i))}H${px(x(sums[i]))}`
  }
  return d
}

// Everything that depends on how many terms have been added.
function drawSum(s) {
  const {sum, ruler, at} = s, rows = sum.products.length
  if (!ruler) return
  const apart = sum.sums.findIndex((v, i) => v !== sum.exact[i]), broken = apart >= 0
  set(s.ahead, {d: path(s, sum.sums, 0, rows)})
  set(s.truth, {d: broken ? path(s, sum.exact, apart, Math.max(at, apart)) : ""})
  // The first times that it goes round are drawn, as what they are; of many they would hide everything else.
  const jumps = s.d.wraps ? sum.over.filter(i => i < at).slice(0, MOST_JUMPS) : []
  set(s.jumps, {d: jumps.map(i => `M${px(ruler.x(i ? sum.sums[i - 1] : 0))} ${px(s.rowY(i))}H${px(ruler.x(sum.sums[i]))}`).join("")})
  const last = sum.exact[rows - 1], named = broken && at === rows && last !== sum.sums[rows - 1]
  write(s.truthName, named ? `true sum ${grouped(last)}` : "")
  const far = ruler.x(last), half = widthOf(`true sum ${grouped(last)}`, RULER_FONT)
  if (named) set(s.truthName, {x: px(clamp(far, ruler.from + half, s.width - 4)), y: px(s.rowY(rows - 1) - 8)})
  const blue = broken ? Math.min(at, apart) : at
  set(s.line, {d: path(s, sum.sums, 0, blue), class: rows > MOST_THICK ? "line dense" : "line"})
  set(s.lostLine, {d: broken && at > apart ? path(s, sum.sums, apart, at) : "", class: rows > MOST_THICK ? "line lost dense" : "line lost"})
  set(s.tail, {d: at === rows ? `M${px(ruler.x(sum.sums[rows - 1]))} ${px(s.rowY(rows - 1))}V${px(ruler.y1)}` : ""})

  const listed = ruler.listed, marked = listed ? sum.sums.map((_, i) => i) : at ? [at - 1] : []
  children(s.marks, "path", marked.length).forEach((node, i) => {
    const term = marked[i], over = sum.over.includes(term), r = 4.5
    const shape = over ? `m0 ${-r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}z` : `m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`
    set(node, {d: `M${px(ruler.x(sum.sums[term]))} ${px(s.rowY(term))}${shape}`, class: "mark" + (term < at ? " added" : "") + (over ? " over" : "")})
  })
  children(s.sums, "text", marked.length).forEach((node, i) => {
    const term = marked[i], text = codeText(sum.sums[term]), x = ruler.x(sum.sums[term]), room = widthOf(text, BOLD + "13px 'JetBrains Mono', monospace") + 12
    // Beside its mark: outwards, unless the edge is there.
    const right = x + room < s.width && sum.sums[term] >= 0 || x - room < ruler.from
    write(node, text)
    set(node, {x: px(right ? x + 9 : x - 9), y: px(s.rowY(term) - (listed ? -4.5 : 8)), "text-anchor": right ? "start" : "end",
      class: "sum" + (term < at ? " added" : "") + (sum.over.includes(term) ? " over" : "")})
  })
  const terms = listed && !s.small ? sum.products : []
  children(s.terms, "text", terms.length).forEach((node, i) => {
    write(node, termText(sum, i))
    set(node, {x: px(ruler.from - 12), y: px(s.rowY(i) + 4.5), class: "term" + (i < at ? " added" : "")})
  })
  set(s.finish, {class: at === rows ? "finish" : "finish waiting"})
  s.caption.textContent = captionOf(s)
  set(s.svg, {"data-at": at})
}

function captionOf(s) {
  const {d, sum, at} = s, rows = sum.products.length
  if (!at) return `0 of ${rows}: the accumulator is empty`
  const i = at - 1, times = sum.over.filter(k => k < at).length, over = !s.small && times ? `, over the end of ${d.accumulator} ${times === 1 ? "once" : times + " times"}` : ""
  return `term ${at} of ${rows}: ${codeText(sum.x[i])} × ${codeText(sum.w[i])}, sum ${codeText(sum.exact[i])}, ${sum.bits[i]} bits${over}`
}
