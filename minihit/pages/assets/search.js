// A search over sections of chapters and functions of the library; the index is read when the field is first used.
const home = document.currentScript.dataset.home, most = 12;

document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("search"), list = document.getElementById("found");
  let texts = null;

  window.found = (all) => {                                    // called by the index: [[title, address, words]]
    texts = all.map(([title, address, words]) => ({title, address, words, low: [title.toLowerCase(), words.toLowerCase()]}));
    show();
  };

  function load() {
    if (document.getElementById("index")) return;
    const script = document.createElement("script");
    script.id = "index";
    script.src = home + "search-index.js";
    document.head.append(script);
  }

  function score(text, words) {                                // all words must be there; in a title they count most
    let sum = 0;
    for (const word of words) {
      const [title, rest] = text.low;
      if (!title.includes(word) && !rest.includes(word)) return 0;
      sum += title.includes(word) ? (title.split(/[^\w]+/).includes(word) ? 8 : 4) : 1;
    }
    return sum;
  }

  function show() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    list.hidden = !words.length;
    if (!texts || !words.length) return;
    const hits = texts.map((text) => [score(text, words), text]).filter(([sum]) => sum).sort(([a], [b]) => b - a);
    for (const [, text] of hits.slice(0, most)) list.append(row(text, words[0]));
    if (!hits.length) list.append(Object.assign(document.createElement("li"), {textContent: "nothing found"}));
  }

  function row(text, word) {
    const item = document.createElement("li"), link = document.createElement("a"), around = document.createElement("small");
    const place = Math.max(0, text.low[1].indexOf(word) - 40);
    link.href = home + text.address;
    link.textContent = text.title;
    around.textContent = (place ? "…" : "") + text.words.slice(place, place + 120);
    item.append(link, around);
    return item;
  }

  field.addEventListener("focus", load);
  field.addEventListener("input", () => { load(); show(); });
  document.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    if (event.key === "/" && document.activeElement !== field) { event.preventDefault(); field.focus(); }
    if (event.key === "Escape") { field.value = ""; show(); field.blur(); }
    if (event.key === "Enter" && document.activeElement === field && links.length) links[0].click();
    if (list.hidden || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    (links[at + (event.key === "ArrowDown" ? 1 : -1)] ?? field).focus();
  });
  list.addEventListener("click", (event) => { if (event.target.closest("a")) { list.hidden = true; } });
});
