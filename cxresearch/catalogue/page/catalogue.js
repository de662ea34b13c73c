(() => {
  "use strict";
  const box = document.getElementById("search");
  const cards = [...document.querySelectorAll(".study")];
  if (!box || !cards.length) return;
  const texts = cards.map((card) => card.textContent.toLowerCase());
  const none = document.getElementById("none");
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, i) => {
      card.hidden = !words.every((word) => texts[i].includes(word));
      shown += card.hidden ? 0 : 1;
    });
    none.hidden = shown > 0;
    const hash = box.value ? "#search=" + encodeURIComponent(box.value) : "#";
    history.replaceState(null, "", hash);
  };
  const asked = location.hash.match(/^#search=(.*)$/);
  if (asked) box.value = decodeURIComponent(asked[1]);
  box.closest("label").hidden = false;
  box.addEventListener("input", filter);
  if (asked) filter();
})();
