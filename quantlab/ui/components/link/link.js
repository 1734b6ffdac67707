// The browser lets a page write to the clipboard only on https and on this machine; elsewhere the selected field has to do.
export default function ({data, parentElement}) {
  const input = parentElement.querySelector("input"), copy = parentElement.querySelector("button")
  parentElement.querySelector("span").textContent = data.label
  if (input.value === data.address) return
  input.value = data.address
  input.onfocus = () => input.select()
  copy.hidden = !navigator.clipboard
  copy.textContent = "Copy"
  copy.onclick = async () => {
    input.select()
    try {
      await navigator.clipboard.writeText(input.value)
      copy.textContent = "Copied"
    } catch {
      copy.textContent = "Press Ctrl+C"
    }
  }
  input.focus({preventScroll: true})
  input.select()
}
