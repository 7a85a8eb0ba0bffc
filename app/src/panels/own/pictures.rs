//! Pictures of the person's own: chosen as a folder or a zip, decoded and scaled beside the page, then learnt as arrays.

use js_sys::{Array, Object, Reflect, Uint8Array};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileList, MessageEvent, Worker};

use super::said;
use crate::link;
use crate::state::{Lab, sentence};
use crate::tongue::t;
use crate::ui::field::{Choose as Offer, Select};

/// The dataset that is made of pictures.
pub const DATASET: &str = "own-images";

/// What came of the pictures that were given last.
#[derive(Clone, Default)]
struct Made {
    /// Each class with the number of its pictures.
    classes: Vec<(String, u32)>,
    /// Files that are not among them, and why.
    left: Vec<(String, String)>,
}

/// The pictures that are at hand, and how they are to be made into samples.
#[derive(Clone, Copy)]
pub struct Pictures {
    lab: Lab,
    given: StoredValue<Vec<(String, File)>, LocalStorage>,
    worker: StoredValue<Option<Reading>, LocalStorage>,
    side: RwSignal<String>,
    colours: RwSignal<String>,
    /// How far the reading is, or what kept it from ending well.
    progress: RwSignal<String>,
    failed: RwSignal<bool>,
    made: RwSignal<Made>,
}

/// The worker that reads, and what hears it.
struct Reading {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.terminate();
    }
}

impl Pictures {
    pub fn new(lab: Lab) -> Self {
        Self {
            lab,
            given: StoredValue::new_local(Vec::new()),
            worker: StoredValue::new_local(None),
            side: RwSignal::new("28".to_owned()),
            colours: RwSignal::new("grey".to_owned()),
            progress: RwSignal::default(),
            failed: RwSignal::new(false),
            made: RwSignal::default(),
        }
    }

    /// Takes these files, each with its path, and begins with what becomes of them.
    pub fn take(self, files: Vec<(String, File)>) {
        self.given.set_value(files);
        self.read();
    }

    /// Reads what was given, again where it was read before.
    fn read(self) {
        let files: Array = self.given.with_value(|all| {
            let one = |(path, file): &(String, File)| Array::of2(&path.into(), file);
            all.iter().map(one).collect()
        });
        if files.length() == 0 {
            return;
        }
        let message = Object::new();
        let side: f64 = self.side.with_untracked(|s| s.parse().unwrap_or(28.0));
        let colours = self.colours.with_untracked(|c| c == "colour");
        let said = [("files", JsValue::from(files)), ("side", side.into()), ("colours", colours.into())];
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |m: MessageEvent| self.hear(&m.data()));
        let started = link::worker("pictures").and_then(|worker| {
            said.iter().try_for_each(|(name, value)| Reflect::set(&message, &(*name).into(), value).map(drop))?;
            worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            worker.post_message(&message)?;
            Ok(worker)
        });
        self.failed.set(started.is_err());
        match started {
            Ok(worker) => {
                self.progress.set(t("Reading …").to_owned());
                self.worker.set_value(Some(Reading { worker, _heard: heard }));
            }
            Err(why) => self.progress.set(sentence(&link::text(&why))),
        }
    }

    fn hear(self, message: &JsValue) {
        let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
        if let Some(progress) = field("progress").as_string() {
            return self.progress.set(progress);
        }
        let pairs = |name: &str| -> Vec<(JsValue, JsValue)> {
            let all = field(name).dyn_into::<Array>().unwrap_or_default();
            all.iter().map(|pair| pair.unchecked_into::<Array>()).map(|pair| (pair.get(0), pair.get(1))).collect()
        };
        let text = |v: JsValue| v.as_string().unwrap_or_default();
        let left = pairs("left").into_iter().map(|(path, why)| (text(path), text(why))).collect();
        let classes =
            pairs("classes").into_iter().map(|(name, n)| (text(name), n.as_f64().unwrap_or_default() as u32)).collect();
        self.made.set(Made { classes, left });
        let failed = field("failed").as_string();
        self.failed.set(failed.is_some());
        self.progress.set(failed.as_deref().map(sentence).unwrap_or_default());
        if let Ok(bytes) = field("done").dyn_into::<Uint8Array>() {
            let name = text(field("name"));
            let lab = self.lab;
            spawn_local(async move {
                lab.files.take(DATASET, 0, name, bytes).await;
                lab.load();
            });
        }
        // It has said its last word: it goes once this call is over.
        let worker = self.worker;
        set_timeout(move || worker.set_value(None), std::time::Duration::ZERO);
    }
}

/// The files of a chooser, each with its path in the folder that was chosen.
fn listed(files: &FileList) -> Vec<(String, File)> {
    let one = |i| {
        let file = files.get(i)?;
        let path = Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|p| p.as_string());
        Some((path.filter(|p| !p.is_empty()).unwrap_or_else(|| file.name()), file))
    };
    (0..files.length()).filter_map(one).collect()
}

#[component]
pub fn PictureFields() -> impl IntoView {
    let pictures = expect_context::<Pictures>();
    let Pictures { lab, side, colours, progress, failed, made, .. } = pictures;
    let folder = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = folder.get() {
            // It fails for no element.
            let _ = input.set_attribute("webkitdirectory", "");
        }
    });
    let chosen = move |input: web_sys::HtmlInputElement| {
        if let Some(files) = input.files() {
            pictures.take(listed(&files));
        }
    };
    let sides = ["28", "32", "64"].map(|s| Offer::new(s, format!("{s} × {s}"))).to_vec();
    let kinds = vec![Offer::new("grey", t("Grey")), Offer::new("colour", t("Colour"))];
    let set = move |what: RwSignal<String>| {
        move |to: String| {
            what.set(to);
            pictures.read();
        }
    };
    let table = move || {
        let Made { classes, left } = made.get();
        let rows = classes.into_iter().map(|(name, n)| view! { <tr><th scope="row">{name}</th><td>{n}</td></tr> });
        let rows = rows.collect_view();
        let more = left.len().saturating_sub(LEFT);
        let others = (!left.is_empty()).then(|| {
            let items =
                left.iter().take(LEFT).map(|(path, why)| view! { <li><b>{path.clone()}</b> ": " {why.clone()}</li> });
            let rest = (more > 0).then(|| view! { <li>{t!("and {more} more", more)}</li> });
            view! { <p class="help">{t("Left out:")}</p> <ul class="help left">{items.collect_view()} {rest}</ul> }
        });
        (rows, others)
    };
    let any = move || made.with(|m| !m.classes.is_empty() || !m.left.is_empty());
    view! {
        <div class="pictures">
            <div class="own-pair">
                <Select label=t("Size") options=sides value=side choose=set(side) />
                <Select label=t("Colours") options=kinds value=colours choose=set(colours) />
            </div>
            <label class="field">
                <span class="field-name">{t("Folder of pictures")}</span>
                <input node_ref=folder type="file" multiple=true aria-describedby="pictures-help"
                    on:click:target=|e| e.target().set_value("") on:change:target=move |e| chosen(e.target()) />
            </label>
            <label class="field">
                <span class="field-name">{t("Zip of pictures")}</span>
                <input type="file" accept=".zip,application/zip" aria-describedby="pictures-help"
                    on:click:target=|e| e.target().set_value("") on:change:target=move |e| chosen(e.target()) />
            </label>
            <p class="help" id="pictures-help">
                {move || said(lab.files.name(DATASET, 0))}
                " " {t("The folder in which a picture lies is its class. Of each the middle square is taken.")}
            </p>
            <p class="help" class:fault-text=move || failed.get() role=move || failed.get().then_some("alert") aria-live="polite">{move || progress.get()}</p>
            <Show when=any>
                <table class="counts">
                    <caption>{t("Pictures of each class")}</caption>
                    <tbody>{move || table().0}</tbody>
                </table>
                {move || table().1}
            </Show>
        </div>
    }
}

/// Files left out that are named.
const LEFT: usize = 8;
