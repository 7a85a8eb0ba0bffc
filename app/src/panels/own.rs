//! Where a person gives the lab data of their own: files, pictures, a text, points on the plane. All of it stays in the page.

pub mod drop;
pub mod paste;
pub mod pictures;
pub mod plane;

use engine::protocol::{EntryInfo, FileInfo};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use crate::state::{Lab, Notice, sentence};
use crate::ui::format::capital;
use paste::Paste;
use pictures::PictureFields;
use plane::Plane;

/// Fields for what only the person has, as the chosen dataset asks for it.
#[component]
pub fn Own() -> impl IntoView {
    let lab = Lab::get();
    let id = Memo::new(move |_| lab.spec.with(|s| s.data.id.clone()));
    move || {
        let entry = lab.entry(|c| &c.datasets, &id.get())?;
        if let Some(knob) = entry.knobs.iter().find(|k| k.id == plane::KNOB) {
            return Some(view! { <Plane kind=knob.kind.clone() /> }.into_any());
        }
        let own = entry.files.iter().enumerate().filter_map(|(number, file)| match file {
            FileInfo::Own { name, accept } => Some(fields(&entry, number, name, accept)),
            FileInfo::Asset(_) => None,
        });
        Some(own.collect_view().into_any())
    }
}

fn fields(entry: &EntryInfo, number: usize, name: &str, accept: &str) -> AnyView {
    let dataset = entry.id.clone();
    if accept.starts_with("image/") {
        return view! { <PictureFields /> }.into_any();
    }
    let file =
        view! { <FileField dataset=dataset.clone() number=number what=capital(name) accept=accept.to_owned() /> };
    if accept.starts_with("text/plain") {
        return view! { <Paste dataset=dataset /> {file} }.into_any();
    }
    file.into_any()
}

/// Takes a file that the person chose, and begins with it.
pub fn take(lab: Lab, dataset: String, number: usize, file: File) {
    let name = file.name();
    spawn_local(async move {
        match lab.files.keep(&dataset, number, file).await {
            Ok(()) => {
                lab.dismiss("file");
                lab.load();
            }
            Err(why) => lab.tell(Notice::alert("file", t!("{name} could not be read", name), sentence(&why))),
        }
    });
}

/// What is said of a file: which one is in use, and that it goes nowhere.
fn said(name: Option<String>) -> String {
    let used = name.map(|name| t!("{name} is in use. ", name)).unwrap_or_default();
    t!("{used}It stays in this page.", used)
}

#[component]
fn FileField(dataset: String, number: usize, what: String, accept: String) -> impl IntoView {
    let lab = Lab::get();
    let id = format!("own-file-{number}");
    let given = dataset.clone();
    view! {
        <div class="field file">
            <label class="field">
                <span class="field-name">{what}</span>
                // The same file may be chosen again, when it was mended.
                <input
                    type="file"
                    accept=accept
                    aria-describedby=id.clone()
                    on:click:target=|e| e.target().set_value("")
                    on:change:target=move |e| {
                        if let Some(file) = e.target().files().and_then(|f| f.get(0)) {
                            take(lab, dataset.clone(), number, file);
                        }
                    }
                />
            </label>
            <span class="help" id=id>{move || said(lab.files.name(&given, number))}</span>
        </div>
    }
}
