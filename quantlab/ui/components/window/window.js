// Tells Python two things that only the browser knows: a phone-wide window, and the theme while the page is open.
// A run is asked for only where Python believes otherwise.
const PHONE = matchMedia("(max-width: 640px)")

export default function ({data, parentElement, setStateValue}) {
  const app = document.querySelector(".stApp")
  // What was told is on its way: until Python answers, this function is called again with the old belief.
  const memory = parentElement.quantlabWindow ??= {}
  const belief = JSON.stringify(data)
  if (memory.belief !== belief) Object.assign(memory, {belief, told: {...data}})
  const {told} = memory
  const tell = () => {
    const scheme = getComputedStyle(app).colorScheme
    // What opens over the page hangs beside .stApp, and its colours follow the scheme too.
    document.documentElement.style.colorScheme = scheme
    const seen = {narrow: PHONE.matches, dark: scheme === "dark"}
    for (const [name, value] of Object.entries(seen)) {
      if (told[name] === value) continue
      told[name] = value
      setStateValue(name, value)
    }
  }
  const watch = new MutationObserver(tell)
  watch.observe(app, {attributes: true, attributeFilter: ["class"]})
  PHONE.addEventListener("change", tell)
  tell()
  return () => {
    watch.disconnect()
    PHONE.removeEventListener("change", tell)
  }
}
