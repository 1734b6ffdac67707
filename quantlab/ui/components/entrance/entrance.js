// The popover as a whole takes the focus: its controls may not be drawn yet, and from here Tab comes to the first one.
const entered = new WeakSet()

export default function ({parentElement}) {
  const popover = parentElement.closest("[data-testid=stPopoverBody]")
  if (!popover || entered.has(popover)) return
  entered.add(popover)
  // Only from a popover's button: by now the visitor may have gone on.
  if (!document.activeElement?.closest("[data-testid=stPopover]")) return
  popover.tabIndex = -1
  popover.focus({preventScroll: true})
}
