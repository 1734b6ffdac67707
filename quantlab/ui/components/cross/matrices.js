// The cross, first part: three matrices. W stands on the product and X lies left of it, so that the chosen row and the
// chosen column meet in the chosen cell. Small matrices have numbers in their cells, large ones are shades of blocks.

const HEIGHT = 416                    // beside each other; a phone has the ruler below, and more height (cross.css)
const PHONE = 600, PHONE_CROSS = 372
const TOP = 20, BETWEEN = 24, BELOW = 22, GAP = 14          // rows of names, and the gap between X and the product
const TALLEST_CELL = 25, NARROWEST_SUM = 360
const CELL_FONT = "500 12.5px 'JetBrains Mono', monospace", CELL_FONT_DENSE = "500 10.5px 'JetBrains Mono', monospace"
const NAME_FONT = "13px Inter, sans-serif"
const SMALLEST_MAP = 76               // px that a matrix takes at least as a heat map

// Where the three matrices stand: {x0, y0, cellWide, cellHigh} each, in the order X, W, product.
function place(s) {
  const {d} = s, [x, w, p] = d.matrices
  const high = (s.small ? PHONE_CROSS : HEIGHT) - TOP - BETWEEN - BELOW
  // Many columns make do with smaller figures; where even these have no room, shades take their place.
  s.cells = d.numbered ? [s.small, true].map(dense => fit(s, dense, high)).find(cells => cells) : null
  const numbered = Boolean(s.cells)
  s.numbered = numbered
  if (numbered) {
    const {cellHigh, wideX, wideP, left} = s.cells, productX = left + x.columns * wideX + GAP, productY = TOP + w.rows * cellHigh + BETWEEN
    s.places = [
      {x0: left, y0: productY, wide: wideX, high: cellHigh}, {x0: productX, y0: TOP, wide: wideP, high: cellHigh},
      {x0: productX, y0: productY, wide: wideP, high: cellHigh}]
    s.crossWide = s.small ? s.width : productX + p.columns * wideP
    s.crossHigh = productY + x.rows * cellHigh
    return
  }
  const across = (s.small ? s.width : Math.min(460, s.width - NARROWEST_SUM)) - GAP
  const [wideX, wideP] = divide(across, x.columns, p.columns), [highW, highX] = divide(high, w.rows, x.rows)
  const productX = wideX + GAP, productY = TOP + highW + BETWEEN
  const at = (x0, y0, wide, tall, m) => ({x0, y0, wide: wide / m.columns, high: tall / m.rows})
  s.places = [at(0, productY, wideX, highX, x), at(productX, TOP, wideP, highW, w), at(productX, productY, wideP, highX, p)]
  s.crossWide = productX + wideP
  s.crossHigh = productY + highX
}

// How wide and high numbered cells are, or null where they do not fit.
function fit(s, dense, high) {
  const [x, w, p] = s.d.matrices, font = dense ? CELL_FONT_DENSE : CELL_FONT, pad = dense ? 7 : 13
  const room = codes => Math.max(...codes.map(q => widthOf(codeText(q), font)))
  const wideX = Math.max(room(x.codes) + pad, dense ? 18 : 36), wideP = Math.max(room(w.codes), room(p.codes)) + pad
  const natural = x.columns * wideX + GAP + p.columns * wideP, cellHigh = Math.min(TALLEST_CELL, Math.floor(high / (w.rows + x.rows)))
  if (natural > (s.small ? s.width : s.width - NARROWEST_SUM) || cellHigh < 15) return null
  return {dense, cellHigh, wideX, wideP, left: s.small ? (s.width - natural) / 2 : 0}
}

// Shares `room` by the two counts, but leaves either visible.
function divide(room, a, b) {
  const first = clamp(Math.round(room * a / (a + b)), SMALLEST_MAP, room - SMALLEST_MAP)
  return [first, room - first]
}

// A cell's rectangle; of a heat map, the block that it belongs to.
function boxOf(s, which, row, column) {
  const {x0, y0, wide, high} = s.places[which], {byRow, byColumn, rows, columns} = s.d.matrices[which]
  const r = Math.floor(row / byRow) * byRow, c = Math.floor(column / byColumn) * byColumn
  return {x: x0 + c * wide, y: y0 + r * high, w: (Math.min(columns, c + byColumn) - c) * wide, h: (Math.min(rows, r + byRow) - r) * high}
}

function layMatrices(s) {
  const {d} = s
  place(s)
  const lit = litCells(s)
  d.matrices.forEach((m, which) => {
    const group = s.groups[which], at = s.places[which], gap = s.numbered ? 1.5 : 0
    layShades(group.shades, m, at, gap, s.numbered)
    const texts = s.numbered ? m.codes : []
    children(group.texts, "text", texts.length).forEach((node, i) => {
      const row = Math.floor(i / m.columns), column = i % m.columns
      write(node, codeText(texts[i]))
      set(node, {class: "cell" + (s.cells.dense ? " small" : "") + (lit(which, row, column) ? " lit" : ""),
        x: px(at.x0 + (column + 1) * at.wide - (s.cells.dense ? 4 : 7)), y: px(at.y0 + (row + .5) * at.high + (s.cells.dense ? 3.5 : 4.5)),
        "data-cell": which === 2 ? `${row},${column}` : null})
    })
    const below = which === 2, narrow = s.small || !s.numbered
    const full = `**${m.name}** ${narrow ? m.remark.split(" · ")[0] : m.remark}`
    // X's name must not reach under W, whose column runs on to the product.
    write(group.name, which === 0 && blockWidth(full, NAME_FONT) > s.places[2].x0 - at.x0 - 4 ? `**${m.name}**` : full)
    set(group.name, {class: "name", x: px(at.x0), y: px(below ? s.crossHigh + 16 : at.y0 - 7)})
  })
}

// One path a shade: a thousand rectangles as nodes of their own would be slow.
function layShades(node, m, at, gap, numbered) {
  const paths = new Map(), across = Math.ceil(m.columns / m.byColumn)
  m.shades.forEach((shade, i) => {
    const row = Math.floor(i / across) * m.byRow, column = i % across * m.byColumn
    const x = at.x0 + column * at.wide, y = at.y0 + row * at.high
    const w = (Math.min(m.columns, column + m.byColumn) - column) * at.wide - gap, h = (Math.min(m.rows, row + m.byRow) - row) * at.high - gap
    paths.set(shade, (paths.get(shade) ?? "") + `M${px(x)} ${px(y)}h${px(w)}v${px(h)}h${px(-w)}z`)
  })
  const shades = [...paths.keys()].sort((a, b) => a - b)
  children(node, "path", shades.length).forEach((path, i) => {
    const strength = Math.abs(shades[i]) / 12 * (numbered ? 46 : 100), hue = shades[i] < 0 ? "neg2" : "pos2"
    set(path, {d: paths.get(shades[i]), style: `fill: color-mix(in oklab, var(--ql-${hue}) ${px(strength)}%, var(--ql-nil))`})
  })
}

// The row of X, the column of W, and of the product what lies between them and the cell.
const litCells = s => (which, row, column) => which === 0 ? row === s.row : which === 1 ? column === s.column
  : row === s.row && column <= s.column || column === s.column && row <= s.row

function layChoice(s) {
  const {d} = s, [x, w] = d.matrices
  const rowBox = span(boxOf(s, 0, s.row, 0), boxOf(s, 0, s.row, x.columns - 1)), columnBox = span(boxOf(s, 1, 0, s.column), boxOf(s, 1, w.rows - 1, s.column))
  const cell = boxOf(s, 2, s.row, s.column), trim = s.numbered ? 1.5 : 0
  const band = (bx, by, bw, bh) => `M${px(bx)} ${px(by)}h${px(Math.max(0, bw))}v${px(Math.max(0, bh))}h${px(-Math.max(0, bw))}z`
  // The two bands run on to the cell where they meet; shades keep their colours, frames are enough for them.
  set(s.bands, {d: (s.numbered ? band(rowBox.x, rowBox.y, rowBox.w - trim, rowBox.h - trim) + band(columnBox.x, columnBox.y, columnBox.w - trim, columnBox.h - trim) : "") + band(rowBox.x, cell.y, cell.x - rowBox.x - trim, cell.h - trim) + band(cell.x, columnBox.y, cell.w - trim, cell.y - columnBox.y - trim),
    class: "bands"})
  const frame = (b, grow = 1.5) => `M${px(b.x - grow)} ${px(b.y - grow)}h${px(b.w - trim + 2 * grow)}v${px(b.h - trim + 2 * grow)}h${px(-(b.w - trim + 2 * grow))}z`
  set(s.frames, {d: frame(rowBox) + frame(columnBox)})
  // A heat map's cell may be a few pixels: its frame is then larger than it.
  set(s.cellFrame, {d: frame(cell, Math.max(1.5, (11 - Math.min(cell.w, cell.h)) / 2))})
  set(s.cellFill, {d: s.numbered ? frame(cell, 0) : ""})
  const lit = litCells(s)
  d.matrices.forEach((m, which) => [...s.groups[which].texts.children].forEach((node, i) => {
    const row = Math.floor(i / m.columns), column = i % m.columns, chosen = which === 2 && row === s.row && column === s.column
    set(node, {class: "cell" + (s.cells.dense ? " small" : "") + (chosen ? " lit chosen" : lit(which, row, column) ? " lit" : "")})
  }))
}

const span = (a, b) => ({x: a.x, y: a.y, w: b.x + b.w - a.x, h: b.y + b.h - a.y})

// Which matrix and cell lie under a point; null beside them.
function cellAt(s, x, y) {
  for (const which of [2, 0, 1]) {
    const {x0, y0, wide, high} = s.places[which], {rows, columns, byRow, byColumn} = s.d.matrices[which]
    const column = Math.floor((x - x0) / wide), row = Math.floor((y - y0) / high)
    if (row < 0 || column < 0 || row >= rows || column >= columns) continue
    return {which, row: row - row % byRow, column: column - column % byColumn}
  }
  return null
}

function cellWords(s, {which, row, column}) {
  const m = s.d.matrices[which], name = `${m.name}[${row}, ${column}]`
  if (m.words.length) return `${name}\n${m.words[row * m.columns + column]}`
  if (m.byRow === 1 && m.byColumn === 1) return name
  return `${m.name}, rows ${row} to ${Math.min(m.rows, row + m.byRow) - 1}, columns ${column} to ${Math.min(m.columns, column + m.byColumn) - 1}`
}
