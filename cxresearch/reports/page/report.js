(() => {
  "use strict";
  document.body.classList.remove("plain"); // the style sheet does without us what follows
  const radios = [...document.querySelectorAll('input[name="depth"]')];
  const order = radios.map((radio) => radio.value);
  const current = () => radios.find((radio) => radio.checked).value;
  const choose = (depth) => {
    const radio = radios.find((one) => one.value === depth);
    if (radio) radio.checked = true;
  };
  // A link opens at a depth (#depth=analyst), or deep enough to show the place it points to.
  const follow = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (hash.startsWith("depth=")) return choose(hash.slice(6));
    const place = hash && document.getElementById(hash);
    if (!place) return undefined;
    for (let node = place; node; node = node.parentElement) {
      const needed = order.find((depth) => node.classList.contains(depth) && depth !== order[0]);
      if (needed && order.indexOf(needed) > order.indexOf(current())) choose(needed);
      if (node.tagName === "DETAILS") node.open = true;
    }
    place.scrollIntoView({ block: place.tagName === "TR" ? "center" : "start" });
    if (place.tabIndex === -1) place.focus({ preventScroll: true });
    return undefined;
  };
  radios.forEach((radio) =>
    radio.addEventListener("change", () => history.replaceState(null, "", "#depth=" + radio.value))
  );
  // Sentences in APA style are copied one by one, by buttons that only this script makes.
  const said = document.createElement("p");
  said.className = "said";
  said.setAttribute("role", "status");
  document.querySelector("main").append(said);
  const select = (place) => getSelection().selectAllChildren(place);
  const copyOld = (place) => {
    select(place);
    const done = document.execCommand("copy");
    if (done) getSelection().removeAllRanges();
    return done;
  };
  // A page served over plain HTTP has no navigator.clipboard.
  const copy = async (place) => {
    try {
      await navigator.clipboard.writeText(place.textContent);
      return true;
    } catch {
      return copyOld(place);
    }
  };
  const offer = (words, cell) => {
    const sentence = document.createElement("span");
    sentence.append(...cell.childNodes);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.setAttribute("aria-label", words.copy + ": " + sentence.textContent);
    button.addEventListener("click", async () => {
      const told = (await copy(sentence)) ? words.copied : words.uncopied;
      said.textContent = "";
      button.textContent = told;
      setTimeout(() => { said.textContent = told; }, 50); // the same words twice are told twice
      setTimeout(() => { button.textContent = words.copy; }, 2500);
    });
    cell.append(sentence, " ", button);
  };
  for (const table of document.querySelectorAll("[data-copy]"))
    table.querySelectorAll("tbody th").forEach((cell) => offer(table.dataset, cell));
  addEventListener("hashchange", follow);
  follow();
})();
