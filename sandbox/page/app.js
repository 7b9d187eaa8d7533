// Starts the page: words first, then the box's state, again and again while somebody looks.

import { drawCells } from "./cells.js";
import { drawCrossing, lookAtCrossing } from "./crossing.js";
import { ask } from "./desk.js";
import { toast } from "./dom.js";
import { drawFlow } from "./flow.js";
import { drawJourney, loadJourney, runBoth, runShoppers, setShores } from "./journey.js";
import { drawMishaps, loadMishaps } from "./mishaps.js";
import { drawPicture } from "./picture.js";
import { drawTwins } from "./twins.js";
import { setLanguage, word, writeStaticWords } from "./words.js";

const LOOK_MS = 1200;
let overview = null;

function drawAll() {
  writeStaticWords();
  drawJourney();
  drawCrossing();
  drawMishaps();
  if (!overview) return;
  drawPicture(overview.cells);
  drawCells(overview.cells);
  drawFlow(overview.cells);
  drawTwins(overview.twins);
}

async function look() {
  try {
    [overview] = await Promise.all([ask("/box/overview"), lookAtCrossing()]);
    setShores(overview.cells);
    drawAll();
  } catch {
    toast(word("lost"));
  }
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, LOOK_MS);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => { setLanguage(button.dataset.language); drawAll(); });
}
document.getElementById("run-both").addEventListener("click", runBoth);
document.getElementById("run-shoppers").addEventListener("click", runShoppers);

writeStaticWords();
await look();
await Promise.all([loadJourney(), loadMishaps()]).catch(() => toast(word("lost")));
document.body.dataset.ready = "yes";
keepLooking();
