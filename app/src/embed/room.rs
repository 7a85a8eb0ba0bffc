//! An embedded lab: the run's bar, some views, and the way to the whole lab. It tells the page around it how high it is.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

use super::lockable::Lockable;
use super::port::Port;
use crate::fragment;
use crate::panels::choose::Choose;
use crate::panels::cost::Cost;
use crate::panels::net::{Net, Shown};
use crate::panels::notices::Notices;
use crate::panels::palette::{Palette, kinds};
use crate::panels::race::Race;
use crate::panels::run::Run;
use crate::panels::track::Chosen;
use crate::panels::track::drag::Drag;
use crate::panels::track::inspector::Inspector;
use crate::panels::transform::Transform;
use crate::panels::watch::Watch;
use crate::race;
use crate::state::Lab;
use crate::tongue::t;

#[component]
pub fn Embedded() -> impl IntoView {
    let lab = Lab::get();
    let race = race::Race::get();
    let shows = move |part: &'static str| move || lab.frame.with(|f| f.shows(part));
    let port = use_context::<Option<Port>>().flatten();
    let root = NodeRef::<html::Main>::new();
    Effect::new(move |_| {
        if let (Some(root), Some(port)) = (root.get(), port) {
            let changed = Closure::<dyn Fn()>::new({
                let root = root.clone();
                move || port.height(root.get_bounding_client_rect().height())
            });
            if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
                observer.observe(&root);
            }
            // The page looks as long as it lives.
            changed.forget();
        }
    });
    provide_context(kinds(lab));
    provide_context(Chosen::new(lab));
    provide_context(Drag::new());
    let shown = RwSignal::new(Shown::remembered());
    let built = move || ["experiment", "network"].into_iter().any(|part| shows(part)());
    let whole = move || {
        lab.spec.track();
        lab.device.track();
        lab.frame.track();
        fragment::full(&lab.whole_fragment())
    };
    view! {
        <main node_ref=root class="embed">
            <h1 class="sr">"Signalbox"</h1>
            <Run />
            <Notices />
            <div class="embed-views">
                <Show when=built>
                    <div class="build">
                        <Lockable part="experiment"><Choose /></Lockable>
                        <Lockable part="network">
                            <Net shown=shown />
                            <Show when=move || shown.get() == Shown::Track><Inspector /></Show>
                        </Lockable>
                    </div>
                </Show>
                <Lockable part="race"><Show when=move || race.open()><Race /></Show></Lockable>
                <Watch />
                <Lockable part="transform"><Transform /></Lockable>
                <Lockable part="cost"><Cost /></Lockable>
            </div>
            <p class="embed-foot">
                <a href=whole target="_blank" rel="noopener">{t("Open in Signalbox")}</a>
            </p>
            <Palette />
        </main>
    }
}
