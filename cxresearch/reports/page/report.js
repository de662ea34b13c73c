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
  addEventListener("hashchange", follow);
  follow();
})();
