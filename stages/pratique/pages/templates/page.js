"use strict";
document.documentElement.classList.add("js");
const all = (selector) => [...document.querySelectorAll(selector)];
const search = document.getElementById("search");
const picks = () => all("[name=batch]:checked").map((box) => box.value);

for (const button of all(".copy")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    getSelection().selectAllChildren(text);
    await navigator.clipboard?.writeText(text.textContent);
    button.textContent = "Copied";
  });
}

const shown = () => all("tr[data-batch]").filter((row) => row.offsetParent !== null);
const filter = () => {
  const wanted = search.value.toLowerCase();
  for (const row of all("tr[data-batch]")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
};
search?.addEventListener("input", filter);

const written = all("[data-picked]");
for (const box of all("[name=batch]")) {
  box.addEventListener("change", () => {
    const lines = (action) => (picks().length ? picks() : ["BATCH"]).map((batch) => `pratique review ${action} ${batch} --reason "…"`);
    for (const code of written) code.textContent = lines(code.dataset.picked).join("\n");
  });
}

const step = (by) => {
  const rows = shown();
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.querySelector("a, input")?.focus();
};
const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement?.closest("tr")?.querySelector("[name=batch]")?.click(),
  "/": () => search?.focus(),
  r: () => document.getElementById("reason")?.focus(),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox], [type=radio])")) {
    if (event.key !== "Escape") return;
    event.target.blur();
    if (event.target === search) {
      search.value = "";
      filter();
    }
    return;
  }
  const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (link) link.click();
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
