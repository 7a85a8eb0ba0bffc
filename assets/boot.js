// Starts the page. A file of its own, because a strict Content-Security-Policy forbids inline scripts; and because a
// start that fails must say so instead of leaving a blank page.
const { js, wasm } = document.querySelector("script[data-js]").dataset;

start().catch((error) => {
  const place = document.getElementById("boot") ?? document.body.appendChild(document.createElement("div"));
  place.setAttribute("role", "alert");
  place.replaceChildren(
    line("h1", "Signalbox did not start"),
    line("p", reason()),
    line("pre", String(error?.message ?? error)),
  );
  console.error(error);
});

async function start() {
  const glue = await import(new URL(js, document.baseURI));
  await glue.default({ module_or_path: new URL(wasm, document.baseURI) });
  document.getElementById("boot")?.remove();
}

/** What a person can do about it, as far as it can be told from outside. */
function reason() {
  if (typeof WebAssembly !== "object") {
    return "This browser has no WebAssembly, or it has been switched off. Allow it for this page or use another browser.";
  }
  if (location.protocol === "file:") {
    return "Browsers load no modules from files. Serve the folder instead, for example by “python3 -m http.server”.";
  }
  if (window.origin === "null") {
    return "This frame is sandboxed without an origin, and browsers load no modules and no workers there. Whoever made the "
      + "page around it must allow both scripts and the frame's own origin: sandbox=\"allow-scripts allow-same-origin\".";
  }
  if (!navigator.onLine) {
    return "The network is down, and a part of the page has not arrived. Reload when it is back.";
  }
  return "A part of the page did not load or did not run. Reload it; if that does not help, the browser may be too old "
    + "(WebAssembly SIMD is needed: Chrome 91, Firefox 89, Safari 16.4 or newer).";
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
