/* What a page can still say when nobody has built it for a while.

   A verdict is believed until the instant printed beside it; after that its word gives way to "unknown". Instants get
   their age. Tables get their column names on each cell, so that the style sheet can show rows as cards. Which
   releases there are comes from releases.js.
   Nothing here is needed to read the page, and nothing here asks any other host. */
(function () {
  "use strict";
  const language = document.documentElement.lang || "en";
  const minutes = /(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d) UTC/;

  function instantOf(element) {
    const found = minutes.exec(element ? element.textContent : "");
    if (!found) return null;
    const [year, month, day, hour, minute] = found.slice(1).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute);
  }

  function degrade() {
    document.querySelectorAll(".valid-until").forEach(function (until) {
      const at = instantOf(until);
      const card = until.closest(".verdict-card") || until.closest("tr") || until.closest(".stands");
      // What cannot be read cannot be believed either.
      if (card && (at === null || Date.now() > at)) replaceWord(card, until.textContent);
    });
  }

  function replaceWord(card, until) {
    const word = card.querySelector(".verdict-word");
    const late = document.getElementById("out-of-date");
    if (!word || !late || card.classList.contains("is-late")) return;
    card.classList.add("is-late");
    const said = word.textContent;
    word.textContent = "○ " + late.dataset.word;
    word.className = "state tone-unknown verdict-word";
    if (!card.classList.contains("verdict-card")) return;
    // Beside the way back stands the same word.
    document.querySelectorAll(".way-back .state").forEach(function (one) {
      one.textContent = word.textContent;
      one.className = "state tone-unknown";
    });
    const why = document.createElement("p");
    why.textContent = late.content.textContent.replace("{was}", said).replace("{until}", until);
    word.closest("p").after(why);
  }

  function age(at) {
    const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
    const seconds = Math.round((at - Date.now()) / 1000);
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[2];
    return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
  }

  function showAges() {
    document.querySelectorAll(".instant").forEach(function (element) {
      const at = instantOf(element);
      if (at !== null) element.dataset.age = age(at);
    });
  }

  function labelCells() {
    document.querySelectorAll("table.cards").forEach(function (table) {
      const names = Array.from(table.querySelectorAll("thead th"), (th) => th.textContent.trim());
      table.querySelectorAll("tbody tr").forEach(function (row) {
        Array.from(row.cells).forEach((cell, number) => { cell.dataset.label = names[number] || ""; });
      });
    });
  }

  // releases.js lies at the front of the site, and is newer than the pages of a closed release.
  const releases = Array.isArray(window.atalayaReleases) ? window.atalayaReleases : [];

  function linkTo(entry, place) {
    const link = document.createElement("a");
    link.href = place.dataset.to + encodeURIComponent(entry.version) + "/" + place.dataset.language + "index.html";
    link.textContent = (entry.names || {})[document.documentElement.lang] || entry.name;
    return link;
  }

  // The newest real release; a rehearsal is held against rehearsals.
  function sayNotCurrent(words) {
    const place = document.querySelector(".all-releases");
    const own = releases.find((entry) => entry.version === place.dataset.watched);
    const newest = releases.find((entry) => own && entry.rehearsal === own.rehearsal);
    if (!newest || newest === own) return;
    const [before, after] = words.content.textContent.split("{newer}");
    const note = document.createElement("p");
    note.className = "not-current";
    note.append(before, linkTo(newest, place), after);
    const heading = document.querySelector(".bd-article h1");
    if (heading) heading.after(note);
  }

  function listReleases(place) {
    const list = document.createElement("ul");
    for (const entry of releases) {
      const link = linkTo(entry, place);
      if (entry.version === place.dataset.watched) link.setAttribute("aria-current", "true");
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    if (!list.childElementCount) return;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    const plain = place.querySelector("a");
    summary.textContent = plain.textContent;
    const all = document.createElement("li");
    all.append(plain);
    list.append(all);
    details.append(summary, list);
    place.replaceChildren(details);
    document.addEventListener("click", (event) => { if (!details.contains(event.target)) details.open = false; });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      // What is folded away loses the focus, and the reader would have to begin at the top again.
      if (details.contains(document.activeElement)) summary.focus();
      details.open = false;
    });
  }

  // What a link leads to may be folded away.
  function unfold() {
    const id = decodeURIComponent(location.hash.slice(1));
    const of = id.match(/^record-([0-9a-f]+)-\d+$/);  // a record that is not listed is in the file of its segment
    const target = document.getElementById(id) || (of && document.getElementById("segment-" + of[1]));
    for (let one = target; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
    }
    if (target) target.scrollIntoView();
  }

  unfold();
  addEventListener("hashchange", unfold);
  degrade();
  showAges();
  labelCells();
  setInterval(function () { degrade(); showAges(); }, 60000);
  document.querySelectorAll(".all-releases").forEach(listReleases);
  document.querySelectorAll("#not-current").forEach(sayNotCurrent);
})();
