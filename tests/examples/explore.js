// What the page says at each setting and after each touch, how wide it is, and its weakest contrast.
inside => {
  const page = inside.document, at = id => page.getElementById(id);
  const handles = () => [...page.querySelectorAll("[data-handle]")].map(
    place => [place.dataset.handle, place.querySelector("input").value]);
  const said = () => ({
    ...at("identity").dataset,
    q: {...at("bounds-q").dataset},
    prior: {...at("bounds-prior").dataset},
    layers: at("density").dataset.layers,
    remains: at("remains").textContent,
    handles: Object.fromEntries(handles()),
  });
  const set = settings => {
    inside.location.hash = settings;
    inside.dispatchEvent(new inside.HashChangeEvent("hashchange"));
    return said();
  };
  const touch = (name, value) => {
    const input = page.querySelector(`[data-handle="${name}"] input`);
    input.value = value;
    input.dispatchEvent(new inside.Event("input"));
    return said();
  };
  const press = selector => { page.querySelector(selector).click(); return said(); };
  const channel = value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = colour => colour.match(/[\d.]+/g).slice(0, 3).map(Number)
    .reduce((sum, value, place) => sum + [0.2126, 0.7152, 0.0722][place] * channel(value / 255), 0);
  const behind = element => {
    const colour = element ? inside.getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
    return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
  };
  const contrast = element => {
    const style = inside.getComputedStyle(element), colour = element.closest("svg") ? style.fill : style.color;
    const [high, low] = [light(colour), light(behind(element))].sort((a, b) => b - a);
    return [(high + 0.05) / (low + 0.05), element.textContent];
  };
  const speaks = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const spoken = [...page.querySelectorAll("main :not(noscript)")].filter(speaks);
  const inputs = [...page.querySelectorAll("input, button")];
  const told = {
    wide: page.documentElement.scrollWidth,
    contrast: spoken.map(contrast).reduce((weakest, one) => one[0] < weakest[0] ? one : weakest),
    unnamed: inputs.filter(input => input.tagName === "INPUT" && !input.labels.length).length,
    small: inputs.filter(input => input.getBoundingClientRect().height < 32).length,
  };
  if (inside.innerWidth < 1000) return told;
  told.settings = SETTINGS.map(set);
  told.start = set("");
  told.phi = [touch("mean", -0.2), touch("width", 0.5)];
  told.theta = touch("slope", 0.9);
  told.reset = press("#again");
  told.top = press("[data-climb=phi]");
  told.both = press("[data-climb=both]");
  press("#again");
  press("[data-decoder=straight]");
  told.straight = press("[data-climb=phi]");
  return told;
}
