//! The dialog in which a link is made.

use engine::spec::short;
use leptos::html;
use leptos::prelude::*;

use super::links::{self, CUT, WEIGHTS};
use super::qr::Qr;
use super::students::Students;
use crate::embed::frame::Frame;
use crate::fragment;
use crate::state::{Lab, Packed, sentence};
use crate::tongue::t;
use crate::ui;
use crate::ui::field::Check;
use crate::views::touched::{Place, Touched};

#[component]
pub fn Dialog(open: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        if let Some(dialog) = dialog.get() {
            if open && !dialog.open() {
                // It fails only for a dialog that is open or not in the page.
                let _ = dialog.show_modal();
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    view! {
        <dialog node_ref=dialog class="share" aria-labelledby="share-title" on:close=move |_| open.set(false)>
            <div class="palette-head">
                <h2 id="share-title">{t("Share this experiment")}</h2>
                <button type="button" class="quiet" on:click=move |_| open.set(false)>{t("Close")}</button>
            </div>
            <Show when=move || open.get()><Body /></Show>
        </dialog>
    }
}

/// Made anew whenever the dialog opens: it shows the experiment as it is then.
#[component]
fn Body() -> impl IntoView {
    let lab = Lab::get();
    let brief = Memo::new(move |_| lab.spec.with(|s| short::write(s).is_some()));
    let short = RwSignal::new(true);
    let weights = RwSignal::new(None::<Result<Packed, String>>);
    let draft = RwSignal::new(lab.frame.with_untracked(|f| Frame { embed: false, ..f.clone() }));
    let packed = move || weights.with(|w| w.as_ref().and_then(|w| w.as_ref().ok().cloned()));
    let text = move |frame: &Frame| {
        lab.spec.with(|s| links::fragment(s, lab.device.get(), short.get(), frame, packed().as_ref()))
    };
    // The views that are chosen here are the embedded lab's.
    let own = lab.frame.with_untracked(|f| f.view.clone());
    let plain = Signal::derive(move || draft.with(|d| Frame { view: own.clone(), ..d.clone() }));
    let embedded = move || draft.with(|d| Frame { embed: true, ..d.clone() });
    let link = Signal::derive(move || fragment::full(&text(&plain.get())));
    let frame = Signal::derive(move || links::iframe(&fragment::full(&text(&embedded()))));
    let element = Signal::derive(move || {
        let folder = fragment::full("");
        let folder = folder.trim_end_matches('#').trim_end_matches("index.html");
        links::element(folder, &text(&draft.get()))
    });
    let preview = Signal::derive(move || fragment::full(&text(&plain.get())));
    let take = move |on: bool| {
        weights.set(None);
        if on {
            lab.pack(Some(WEIGHTS), move |told| {
                weights.set(Some(told.map_err(|faults| {
                    let why: Vec<_> = faults.iter().map(|f| sentence(&f.to_string())).collect();
                    why.join(" ")
                })));
            });
        }
    };
    let said = move || {
        weights.with(|w| match w {
            None => None,
            Some(Ok(p)) => {
                let how = if p.exact { t("exactly") } else { t("rounded to half precision") };
                Some(t!(
                    "The weights of step {step}, {how}: {characters} characters. Who opens the link begins there.",
                    step = p.step,
                    how,
                    characters = p.text.len()
                ))
            }
            Some(Err(why)) => Some(t!("The weights stay out of the link. {why}", why)),
        })
    };
    let length = move || link.with(String::len);
    view! {
        <div class="share-link">
            <Copied label=t("Link") text=link />
            <p class="help">
                {move || t!("{characters} characters.", characters = length())}
                {move || (length() > CUT).then(|| view! { " " <strong>{t!("Some learning platforms and messengers cut links after {cut}: try this one before you hand it out.", cut = CUT)}</strong> })}
            </p>
            <div class="share-do">
                <Show
                    when=move || brief.get()
                    fallback=|| view! { <p class="help">{t("No experiment to begin with is near this one: the link holds all of it.")}</p> }
                >
                    <Check label=t("Short form: only what differs from an experiment to begin with") value=short set=move |on| short.set(on) />
                </Show>
                <Check label=t("With the weights as they are now") value=Signal::derive(move || weights.with(Option::is_some)) set=take />
            </div>
            <p class="said" role="status">{said}</p>
            <Touched at=Place::Link />
            <details>
                <summary>{t("QR code")}</summary>
                <Qr text=link />
            </details>
        </div>
        <details>
            <summary>{t("Embed it in a page")}</summary>
            <Copied label=t("Frame") text=frame long=true />
            <Copied label=t("Custom element, which finds its height by itself") text=element long=true />
            <p class="help">{t("How pages, Moodle, Jupyter, Quarto and mdBook take it, and what a page can ask of the lab: docs/embedding.md.")}</p>
        </details>
        <details>
            <summary>{t("Prepare for students")}</summary>
            <Students draft=draft preview=preview />
        </details>
    }
}

/// A text to copy, by a button or by hand.
#[component]
fn Copied(label: &'static str, text: Signal<String>, #[prop(optional)] long: bool) -> impl IntoView {
    let done = RwSignal::new(None::<bool>);
    let copy = move |_| {
        ui::copy(&text.get_untracked(), move |ok| {
            done.set(Some(ok));
            set_timeout(move || _ = done.try_set(None), std::time::Duration::from_secs(4));
        });
    };
    let field = if long {
        view! { <textarea readonly=true rows="3" prop:value=text></textarea> }.into_any()
    } else {
        view! { <input type="text" readonly=true prop:value=text on:focus:target=|e| e.target().select() /> }.into_any()
    };
    view! {
        <div class="copied">
            <label class="field">
                <span class="field-name">{label}</span>
                {field}
            </label>
            <button type="button" aria-label=t!("Copy: {label}", label) on:click=copy>{t("Copy")}</button>
            <span class="said" role="status">
                {move || done.get().map(|ok| if ok { t("Copied.") } else { t("The browser gives this page no clipboard: copy the text by hand.") })}
            </span>
        </div>
    }
}
