// Building nodes without markup in strings: what came over the wire is always text.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "checked" || name === "disabled" || name === "open" || name === "selected") node[name] = Boolean(value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const opened = new Set();

// A <details> that stays as the reader left it when its surroundings are drawn anew.
export function fold(key, summary, content, className = "") {
  const node = el("details", { class: className, open: opened.has(key) }, summary);
  const fill = () => { if (node.open && node.children.length === 1) node.append(...[content()].flat()); };
  fill();
  node.addEventListener("toggle", () => {
    if (node.open) opened.add(key);
    else opened.delete(key);
    fill();
  });
  return node;
}

const drawn = new WeakMap();
const lost = new WeakMap(); // container -> the control that had the focus and cannot have it while it is disabled

// Draw only what changed, and give the focus back to the control that had it.
export function draw(container, state, build) {
  const text = JSON.stringify(state);
  if (drawn.get(container) === text) return;
  drawn.set(container, text);
  const had = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const focus = had || (document.activeElement === document.body ? lost.get(container) : null);
  const scrolls = [...container.querySelectorAll("[data-scroll]")].map((node) => [node.dataset.scroll, node.scrollTop]);
  container.replaceChildren(...[build()].flat());
  for (const [name, top] of scrolls) {
    const node = container.querySelector(`[data-scroll="${CSS.escape(name)}"]`);
    if (node) node.scrollTop = top;
  }
  const control = focus && container.querySelector(`[data-key="${CSS.escape(focus)}"]`);
  control?.focus({ preventScroll: true });
  lost.set(container, control?.disabled ? focus : null);
}

export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

export function clock(seconds) {
  const at = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

let toastTimer;
export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 4000);
}
