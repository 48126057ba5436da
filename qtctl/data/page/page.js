"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filter"), query = byId("q"), count = byId("count"), none = byId("none"), all = byId("all");
  const causes = [...document.querySelectorAll("details.cause")];
  const said = byId("said");

  const addAge = () => {
    const time = document.querySelector("time");
    const at = time ? Date.parse(time.dateTime) : NaN;
    if (Number.isNaN(at)) return;
    const minutes = Math.floor((Date.now() - at) / 60000);
    if (minutes < 0) return;
    const [number, word] = minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
    byId("age").textContent = `${number} ${word}${number === 1 ? "" : "s"} ago`;
  };

  const copy = async (button, text) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied" : "Failed";
    said.textContent = done ? "Copied" : "Could not be copied";
    setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 1500);
  };

  // Buttons are made when a cause is opened: a fleet has tens of thousands of commands.
  const addButtons = (cause) => {
    if (cause.dataset.done) return;
    cause.dataset.done = "1";
    for (const block of cause.querySelectorAll("pre.proof, pre.run")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${block.firstElementChild.textContent}`.slice(0, 120));
      block.append(button);
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button, button.parentElement.firstElementChild.textContent);
  });
  for (const cause of causes) {
    if (cause.open) addButtons(cause);
    cause.addEventListener("toggle", () => {
      if (!cause.open) return;
      sync(cause);
      addButtons(cause);
    });
  }

  // Where scripts run, what is in a member is one text until it is opened: it is as much as a page of its own.
  const members = [...document.querySelectorAll("details.member")];
  const fill = (member) => {
    const kept = member.querySelector("noscript");
    if (!kept) return;
    kept.insertAdjacentHTML("afterend", kept.textContent);
    kept.remove();
  };
  for (const member of members) member.addEventListener("toggle", () => { if (member.open) fill(member); });

  // What is searched: the text of each row and that of its cause, read once, between other work. Rows of a closed cause
  // are hidden or shown only when it is opened: there may be tens of thousands.
  let rows = null;
  const byCause = new Map();
  const read = () => {
    if (rows) return rows;
    rows = [];
    causes.forEach((cause, at) => {
      const head = cause.firstElementChild;
      const reason = cause.classList.contains("unknown") ? head.lastElementChild.textContent : "";
      const name = `${head.children[1].textContent} ${head.children[2].textContent} ${reason}`;
      const own = [];
      for (const item of cause.lastElementChild.children) {
        const text = `${name} ${item.textContent}`.toLowerCase();
        own.push({ item, at, kind: item.dataset.k, severity: item.dataset.s, text, fits: true, shown: true });
      }
      byCause.set(cause, own);
      rows.push(...own);
    });
    return rows;
  };
  const sync = (cause) => {
    for (const row of byCause.get(cause) || []) {
      if (row.fits === row.shown) continue;
      row.shown = row.fits;
      row.item.hidden = !row.fits;
    }
  };

  const show = (number) => number.toLocaleString("en");
  const apply = () => {
    const every = read();
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set([...form.querySelectorAll("input:checked")].map((box) => `${box.name}:${box.value}`));
    const left = new Array(causes.length).fill(0);
    let total = 0;
    for (const row of every) {
      row.fits = wanted.has(`severity:${row.severity}`) && wanted.has(`kind:${row.kind}`) && words.every((word) => row.text.includes(word));
      if (row.fits) { left[row.at] += 1; total += 1; }
    }
    causes.forEach((cause, at) => {
      cause.hidden = left[at] === 0;
      cause.querySelector(".n").textContent = show(left[at]);
      if (words.length && left[at] && total <= 40) cause.open = true;
      if (cause.open) sync(cause);
    });
    count.textContent = total === every.length ? `${show(total)} shown` : `${show(total)} of ${show(every.length)} shown`;
    none.hidden = total > 0;
  };

  const reset = () => {
    query.value = "";
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = true;
    apply();
  };

  const pick = (word) => {
    reset();
    for (const box of form.querySelectorAll("input[type=checkbox]")) {
      if (box.name === (["error", "warning", "info"].includes(word) ? "severity" : "kind")) box.checked = box.value === word;
    }
    const kind = form.querySelector("input[value=broken]");
    if (kind && ["error", "warning", "info"].includes(word)) {
      for (const box of form.querySelectorAll("input[name=kind]")) box.checked = box.value === "broken";
    }
    apply();
    byId("findings").scrollIntoView();
    query.focus({ preventScroll: true });
  };

  const openAll = (open) => {
    for (const cause of causes) if (!cause.hidden) cause.open = open;
    all.textContent = open ? "Close all" : "Open all";
  };

  const move = (step) => {
    const heads = causes.filter((cause) => !cause.hidden).map((cause) => cause.firstElementChild);
    const at = heads.indexOf(document.activeElement);
    const next = heads[at < 0 ? (step > 0 ? 0 : heads.length - 1) : at + step];
    if (next) next.focus();
  };

  addAge();
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", apply);
    all.addEventListener("click", () => openAll(all.textContent === "Open all"));
    for (const tile of document.querySelectorAll("[data-pick]")) {
      if (tile.firstElementChild.textContent === "0") continue;
      const name = tile.lastElementChild, button = document.createElement("button");
      button.type = "button";
      button.textContent = name.textContent;
      button.addEventListener("click", () => pick(tile.dataset.pick));
      name.replaceWith(button);
    }
    const total = causes.reduce((sum, cause) => sum + cause.lastElementChild.children.length, 0);
    count.textContent = `${show(total)} shown`;
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") { reset(); return; }
      if (event.target.closest("input, textarea, select")) return;
      if (event.key === "/") { event.preventDefault(); query.focus(); }
      if (event.key === "j") move(1);
      if (event.key === "k") move(-1);
    });
    (window.requestIdleCallback || ((work) => setTimeout(work, 50)))(read);
  }
  let opened = [];
  window.addEventListener("beforeprint", () => {
    members.forEach(fill);
    opened = causes.filter((cause) => !cause.open);
    if (causes.length >= 200) return;
    for (const cause of opened) {
      cause.open = true;
      sync(cause);
    }
  });
  window.addEventListener("afterprint", () => { for (const cause of opened) cause.open = false; });
})();
