// The lab as an element of any page: docs/embedding.md.
customElements.define("signalbox-lab", class Lab extends HTMLElement {
  static home = new URL(".", document.currentScript.src).href;
  static lists = { "embed-view": "view", lock: "lock", hide: "hide" };
  static observedAttributes = ["src", "spec", "preset", "height", "paused", "lang", ...Object.keys(Lab.lists)];
  static asked = 0;
  #frame;
  #near;
  #told;
  #ready = new Promise((told) => { this.#told = told; });
  #waiting = new Map();
  #hear = (event) => this.#take(event);

  // The frame is made when the element comes near the screen.
  connectedCallback() {
    Object.assign(this.style, { display: "block", minHeight: `${this.#high}px` });
    addEventListener("message", this.#hear);
    this.#near = new IntersectionObserver((all) => all.some((e) => e.isIntersecting) && this.#open(), { rootMargin: "200px" });
    this.#near.observe(this);
  }

  disconnectedCallback() {
    removeEventListener("message", this.#hear);
    this.#near.disconnect();
    this.#frame?.remove();
    this.#frame = undefined;
  }

  attributeChangedCallback(name) {
    if (!this.#frame) return;
    if (name === "height") this.#size(this.#high);
    else this.#frame.src = this.address;
  }

  get address() {
    const of = (name) => this.getAttribute(name) ?? "";
    const spec = of("spec").replace(/^.*#/, "");
    const what = spec.includes("=") ? spec : spec ? `spec=${spec}` : of("preset") && `preset=${of("preset")}`;
    const lists = Object.entries(Lab.lists).map(([name, key]) => of(name) && `${key}=${encodeURIComponent(of(name))}`);
    const host = `host=${location.origin === "null" ? "*" : location.origin}`;
    const parts = [what, "embed", ...lists, this.hasAttribute("paused") && "paused", of("lang") && `lang=${of("lang")}`, host];
    return `${new URL(of("src") || Lab.home, document.baseURI).href.split("#")[0]}#${parts.filter(Boolean).join("&")}`;
  }

  getSpec() { return this.ask("get-spec").then((r) => r.spec); }
  setSpec(spec) { return this.ask("set-spec", { spec }); }
  do(deed) { return this.ask("do", { deed }); }
  run() { return this.ask("run"); }
  pause() { return this.ask("pause"); }
  step(n = 1) { return this.ask("step", { n }); }
  reset() { return this.ask("reset"); }
  saveState() { return this.ask("save-state").then((r) => r.state); }
  loadState(state) { return this.ask("load-state", { state }); }
  watchMetrics(every = 250) { return this.ask("watch-metrics", { every }); }

  // Gives the lab's answer, or fails with its `faults`.
  async ask(ask, more) {
    this.#open();
    await this.#ready;
    const id = `lab-${Lab.asked += 1}`;
    return new Promise((done, failed) => {
      this.#waiting.set(id, [done, failed]);
      const { src, contentWindow } = this.#frame;
      contentWindow.postMessage({ signalbox: 1, id, ask, ...more }, new URL(src).origin);
    });
  }

  get #high() { return this.getAttribute("height") ?? 480; }

  #open() {
    if (this.#frame || !this.isConnected) return;
    this.#near.disconnect();
    const title = this.getAttribute("aria-label") ?? "Signalbox";
    const frame = this.#frame = Object.assign(document.createElement("iframe"), { title, src: this.address });
    frame.allow = "clipboard-write";
    frame.style = "border: 0; width: 100%; display: block";
    this.#size(this.#high);
    this.append(this.#frame);
  }

  #size(height) { this.#frame.style.height = this.style.minHeight = `${height}px`; }

  #take({ source, origin, data }) {
    const frame = this.#frame;
    if (source !== frame?.contentWindow || origin !== new URL(frame.src).origin || data?.signalbox !== 1) return;
    const { id, ok, event, faults } = data;
    const [done, failed] = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    if (ok) done?.(data);
    else failed?.(Object.assign(new Error(faults?.map((f) => f.message).join("; ")), { faults }));
    if (event === "ready") this.#told();
    if (event === "height" && !this.hasAttribute("height")) this.#size(data.height);
    if (event) this.dispatchEvent(new CustomEvent(event, { detail: data }));
  }
});
