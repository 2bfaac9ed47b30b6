for (const box of document.querySelectorAll(".pick")) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer;
  const features = new Int8Array(bytes(data.features));
  const places = data.places.map(text => new Uint16Array(bytes(text)));
  const orders = data.orders.map(text => new Uint16Array(bytes(text)));
  const canvases = [...box.querySelectorAll("canvas")];
  const channels = data.channels, count = features.length / channels;
  const lengths = Float32Array.from({ length: count }, (_, i) => Math.sqrt(dot(i, i)) || 1);

  function dot(i, j) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += features[i * channels + c] * features[j * channels + c];
    return sum;
  }

  function color(share) {
    const place = Math.min(Math.max(share, 0), 1) * (data.palette.length - 1);
    const low = Math.min(Math.floor(place), data.palette.length - 2), part = place - low;
    const mixed = data.palette[low].map((a, k) => Math.round(a + part * (data.palette[low + 1][k] - a)));
    return `rgb(${mixed})`;
  }

  function where(view, i) {
    const { width, height } = canvases[view];
    return [places[view][2 * i] / 65535 * width, places[view][2 * i + 1] / 65535 * height];
  }

  function draw(view, colors, pick) {
    const pen = canvases[view].getContext("2d"), side = data.side * canvases[view].width;
    pen.clearRect(0, 0, canvases[view].width, canvases[view].height);
    for (const i of orders[view]) {
      const [x, y] = where(view, i);
      pen.fillStyle = colors[i];
      pen.fillRect(x - side / 2, y - side / 2, side, side);
    }
    for (const [radius, style, width] of [[20, "white", 10], [19, "#d1242f", 6]]) {
      pen.beginPath();
      pen.arc(...where(view, pick), radius, 0, 2 * Math.PI);
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.stroke();
    }
  }

  function show(pick) {
    const found = Float32Array.from({ length: count }, (_, i) => dot(i, pick) / lengths[i] / lengths[pick]);
    const low = Math.min(found.slice().sort()[Math.floor(0.02 * count)], 1 - 1e-6);
    const colors = Array.from(found, value => color((1 - value) / (1 - low)));
    canvases.forEach((_, view) => draw(view, colors, pick));
    box.dataset.pick = pick;
    box.querySelector(".range").textContent = `cosine ${low.toFixed(2)} to 1`;
  }

  canvases[0].addEventListener("click", event => {
    const frame = canvases[0].getBoundingClientRect();
    const x = (event.clientX - frame.left) / frame.width * canvases[0].width;
    const y = (event.clientY - frame.top) / frame.height * canvases[0].height;
    const away = i => { const [a, b] = where(0, i); return (a - x) ** 2 + (b - y) ** 2; };
    const reach = (data.side * canvases[0].width) ** 2;
    const under = orders[0].filter(i => away(i) < reach);
    show(under.length ? under[under.length - 1] : orders[0].reduce((a, b) => away(b) < away(a) ? b : a));
  });
  show(data.first);
}
