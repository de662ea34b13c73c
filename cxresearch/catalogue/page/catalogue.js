(() => {
  "use strict";
  const form = document.getElementById("finder");
  const list = document.getElementById("cards");
  if (!form || !list) return;
  const none = document.getElementById("none");
  const count = document.getElementById("count");
  const all = count.textContent;
  const cards = [...list.children].map((card, place) => ({
    card, place, text: card.textContent.toLowerCase(), ...card.dataset,
  }));
  const fields = ["search", "method", "status", "since", "sort"];
  const byName = new Intl.Collator(document.documentElement.lang);
  const orders = {
    "": (a, b) => a.place - b.place,
    title: (a, b) => byName.compare(a.title, b.title),
    answers: (a, b) => (b.answers || -1) - (a.answers || -1),
  };
  let sorted = "";
  const value = (name) => form.elements[name].value;
  const apply = () => {
    const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of cards) {
      const fits = words.every((word) => one.text.includes(word))
        && (!value("method") || one.method === value("method"))
        && (!value("status") || one.status.split(" ").includes(value("status")))
        && (!value("since") || one.day >= value("since"));
      one.card.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    if (value("sort") !== sorted) { // moving hundreds of cards is what takes time
      sorted = value("sort");
      const order = orders[sorted] || orders[""];
      list.append(...[...cards].sort((a, b) => order(a, b) || a.place - b.place).map((one) => one.card));
    }
    none.hidden = shown > 0;
    count.textContent = shown === cards.length ? all : shown + " / " + all;
  };
  const remember = () => {
    const asked = new URLSearchParams(fields.filter(value).map((name) => [name, value(name)]));
    history.replaceState(null, "", "#" + asked);
  };
  const recall = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of fields) {
      const field = form.elements[name];
      field.value = asked.get(name) || "";
      if (field.selectedIndex < 0) field.selectedIndex = 0;
    }
    apply();
  };
  form.hidden = false;
  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", recall);
  if (location.hash.length > 1) recall();
})();
