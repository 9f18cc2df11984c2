// Measures the page that it is evaluated in. Everything is told in pixels of the page.
(() => {
  const width = document.documentElement.clientWidth;
  const name = (element) => {
    const words = String(element.getAttribute("class") || "").split(" ").filter(Boolean);
    const text = (element.textContent || "").trim().slice(0, 30);
    return [element.tagName.toLowerCase(), ...words].join(".") + (text ? ` ${text}` : "");
  };
  const seen = (element) => {
    const style = getComputedStyle(element);
    return element.getClientRects().length > 0 && style.visibility !== "hidden";
  };
  const box = (rect) => [rect.left, rect.top, rect.right, rect.bottom].map((at) => Math.round(at));
  const shown = [...document.body.querySelectorAll("*")].filter(seen);

  // What lies beside the page, and what is wider than its own place.
  const isDrawn = (element) => element.ownerSVGElement !== undefined;
  const over = shown.filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    const spills = !isDrawn(element) && getComputedStyle(element).display !== "inline"
      && element.scrollWidth > element.clientWidth + 1;
    return left < -1 || right > width + 1 || spills;
  });

  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const backdrop = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const light = (color) => {
    const [red, green, blue] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [more, less] = [light(one), light(other)].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };

  // Each piece of text: where it stands, how large, how clearly.
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (!node.textContent.trim() || !seen(element) || element.closest("svg")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(element);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1) continue;
      texts.push({
        text: node.textContent.trim().slice(0, 30),
        rect,
        size: parseFloat(style.fontSize),
        contrast: contrast(numbers(style.color), backdrop(element)),
      });
    }
  }
  const overlapping = [];
  texts.forEach((one, at) => texts.slice(at + 1).forEach((other) => {
    const wide = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
    const high = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
    // Letters of neighbouring lines may reach into each other's lines a little.
    if (wide > 1 && high > 4) overlapping.push(`${one.text} | ${other.text}`);
  }));

  // A table whose rows are not as long as its heading.
  const ragged = [...document.querySelectorAll("table")].filter((table) =>
    new Set([...table.rows].map((row) => row.cells.length)).size > 1);

  // Colours that mean something must be seen on what is behind their drawing.
  const patches = shown.filter((element) => element.matches(".bar i, .legend i"));
  const pale = patches.filter((element) => {
    const panel = element.closest(".panel");
    return contrast(numbers(getComputedStyle(element).backgroundColor), backdrop(panel)) < 3;
  });

  return JSON.stringify({
    width,
    over: over.map(name),
    titles: [...document.querySelectorAll("h2")].map((title) => title.textContent),
    parts: [...document.querySelectorAll("header, section, footer")].map((part) => box(part.getBoundingClientRect())),
    drawings: [...document.querySelectorAll("svg, .bar")].map((one) => [name(one), box(one.getBoundingClientRect())]),
    marks: document.querySelectorAll("svg.plot rect").length,
    texts: texts.length,
    small: texts.filter((one) => one.size < 12).map((one) => one.text),
    faint: texts.filter((one) => one.contrast < 4.5).map((one) => `${one.text} ${one.contrast.toFixed(2)}`),
    overlapping,
    ragged: ragged.map(name),
    pale: pale.map(name),
  });
})()
