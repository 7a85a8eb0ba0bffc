//! The blocks that there are, by family, to add one.

use engine::protocol::EntryInfo;
use engine::spec::{BlockSpec, Choice};
use leptos::html;
use leptos::prelude::*;

use crate::panels::track::kinds::Kinds;
use crate::panels::track::{Chosen, focus_on};
use crate::state::Lab;
use crate::tongue::t;
use crate::tree::{self, Place};

/// Where the next block is to go.
#[derive(Clone, Copy)]
pub struct Adding(RwSignal<Option<Gap>>);

/// Before block number `at` of a list, which people call `name`.
#[derive(Clone)]
struct Gap {
    place: Place,
    at: usize,
    name: String,
}

impl Adding {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Opens the palette for the end of the list at `place`.
    pub fn open(self, place: Place, name: &str) {
        self.open_at(place, usize::MAX, name);
    }

    /// Opens it for the place before block number `at` of that list.
    pub fn open_at(self, place: Place, at: usize, name: &str) {
        self.0.set(Some(Gap { place, at, name: name.to_owned() }));
    }
}

/// Families of blocks, in the order in which they are offered.
pub const FAMILIES: [&str; 10] = [
    key!("Basics"),
    key!("Tracks"),
    key!("Images"),
    key!("Sequences"),
    key!("Attention"),
    key!("Feed-forward"),
    key!("Functions"),
    key!("Sparse and low rank"),
    key!("Regularising"),
    key!("Around others"),
];

/// The family of a block; one that is not known goes by whether it holds others.
pub fn family(entry: &EntryInfo) -> &'static str {
    match entry.id.as_str() {
        "linear" | "activation" | "layer-norm" | "batch-norm" | "rms-norm" | "dropout" | "flatten" | "affine" => {
            key!("Basics")
        }
        "chain" | "residual" | "parallel" | "route" | "repeat" | "skip-middle" | "skip-saturated" | "mask-gate"
        | "module-sequence" | "stochastic-depth" => key!("Tracks"),
        "conv2d" | "max-pool" | "avg-pool" | "conv-bn" | "squeeze-excite" | "mlp-mixer" | "res-mlp" | "raft-mlp"
        | "nin-gate" | "permuted-kronecker" | "patches" | "cam" => key!("Images"),
        "embedding" | "position" | "conv1d" | "separable-conv" | "rnn" | "gru" | "lstm" | "lru" | "delta-net"
        | "delta-product" | "fsmn" | "block-recurrent" | "lif" | "delays" | "liquid" | "pool-sequence" | "n-beats"
        | "ar-net" => key!("Sequences"),
        "attention" | "cross-attention" | "global-query" | "shaped-attention" | "transformer" | "brainformer" => {
            key!("Attention")
        }
        "glu" | "ffn" | "gated-perceptron" | "multiplet" | "simba" | "nested-ffn" | "constrained" | "hypernetwork" => {
            key!("Feed-forward")
        }
        "kan" | "s-kan" | "af-kan" | "ada-fnn" | "fourier-features" | "sape" | "spectral-filter"
        | "adaptive-spectral" | "random-features" => key!("Functions"),
        "masked-linear" | "nm-linear" | "low-rank" | "block-diagonal" | "lora" | "fade" => key!("Sparse and low rank"),
        "drop-block" | "label-smoothing" | "penalty" | "freeze" => key!("Regularising"),
        _ if entry.holds.is_empty() || entry.holds == "nothing" => key!("Feed-forward"),
        _ => key!("Around others"),
    }
}

/// Whether a block is what somebody searches for.
pub fn is_meant(entry: &EntryInfo, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.split_whitespace().all(|word| {
        [&entry.name, &entry.id, &entry.help, &entry.source].iter().any(|part| part.to_lowercase().contains(word))
    })
}

/// A new block of the kind `id`, for the list at `place`: one that holds others holds two of the plainest at first, of the
/// width that is there, so that it can run at once.
pub fn fresh(lab: Lab, id: &str, place: &[usize]) -> Option<BlockSpec> {
    let entry = lab.entry(|c| &c.blocks, id)?;
    let routing = (entry.holds == "experts").then(|| lab.entries(|c| &c.routings).into_iter().next_back()).flatten();
    let holds = !matches!(entry.holds.as_str(), "" | "nothing");
    let width = lab.summary.with_untracked(|s| {
        let at = if place.len() > 1 { place } else { &[place.first().copied()?] };
        tree::figures(s.as_ref()?, at)?.output.last().map(|w| (*w).min(8192) as i64)
    });
    let inside = || vec![BlockSpec::new("linear").with("units", width.unwrap_or(32)), BlockSpec::new("activation")];
    Some(BlockSpec {
        block: Choice::new(id),
        routing: routing.map(|r| Choice::new(&r.id)),
        blocks: if holds { inside() } else { Vec::new() },
    })
}

/// Adds a new block before number `at` of the list at `place`, and looks at it.
pub fn add(lab: Lab, chosen: Chosen, id: &str, place: &[usize], at: usize) {
    let Some(new) = fresh(lab, id, place) else {
        return;
    };
    let mut to = None;
    lab.edit(|s| to = tree::insert(s, place, at, new));
    if let Some(to) = to {
        focus_on(&to);
        chosen.set(Some(to));
    }
}

#[component]
pub fn Palette() -> impl IntoView {
    let lab = Lab::get();
    let (adding, chosen) = (expect_context::<Adding>(), expect_context::<Chosen>());
    let dialog = NodeRef::<html::Dialog>::new();
    let text = RwSignal::new(String::new());
    Effect::new(move |_| {
        let open = adding.0.with(Option::is_some);
        if let Some(dialog) = dialog.get() {
            if open && !dialog.open() {
                text.set(String::new());
                // It fails only for a dialog that is open or not in the page.
                let _ = dialog.show_modal();
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    let put = move |id: &str| {
        let gap = adding.0.get_untracked();
        adding.0.set(None);
        if let Some(gap) = gap {
            add(lab, chosen, id, &gap.place, gap.at);
        }
    };
    let card = move |entry: &EntryInfo| {
        let (id, name, help) = (entry.id.clone(), entry.name.clone(), entry.help.clone());
        view! {
            <li>
                <button type="button" class="card" on:click=move |_| put(&id)>
                    <b>{name}</b>
                    <span>{help}</span>
                </button>
            </li>
        }
    };
    let all = move || {
        let entries = lab.entries(|c| &c.blocks);
        let found: Vec<_> = text.with(|t| entries.into_iter().filter(|e| is_meant(e, t)).collect());
        let families = FAMILIES.iter().filter_map(|name| {
            let cards: Vec<_> = found.iter().filter(|e| family(e) == *name).map(card).collect();
            (!cards.is_empty()).then(|| view! { <section><h3>{t(name)}</h3><ul>{cards}</ul></section> })
        });
        families.collect_view()
    };
    let title = move || adding.0.with(|a| a.as_ref().map(|gap| t!("Add a block to {into}", into = gap.name)));
    view! {
        <dialog node_ref=dialog class="palette" aria-labelledby="palette-title" on:close=move |_| adding.0.set(None)>
            <div class="palette-head">
                <h2 id="palette-title">{title}</h2>
                <input type="search" aria-label=t("Search for a block") placeholder=t("Search") prop:value=text on:input:target=move |e| text.set(e.target().value()) />
                <button type="button" class="quiet" on:click=move |_| adding.0.set(None)>{t("Close")}</button>
            </div>
            {all}
        </dialog>
    }
}

/// What the kinds of the catalogue look like; to be made once.
pub fn kinds(lab: Lab) -> StoredValue<Kinds> {
    StoredValue::new(Kinds::of(lab.entries(|c| &c.blocks)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<EntryInfo> {
        crate::catalogue::catalogue().blocks
    }

    #[test]
    fn every_block_is_in_a_family_that_is_offered() {
        let entries = entries();
        assert!(entries.iter().all(|e| FAMILIES.contains(&family(e))));
        for name in FAMILIES {
            assert!(entries.iter().any(|e| family(e) == name), "{name}");
        }
    }

    #[test]
    fn a_search_finds_by_name_and_by_source() {
        let found =
            |text: &str| entries().iter().filter(|e| is_meant(e, text)).map(|e| e.id.clone()).collect::<Vec<_>>();
        assert!(found("convol").contains(&"conv2d".to_owned()));
        assert!(found("lstm").contains(&"lstm".to_owned()));
        assert_eq!(found("").len(), entries().len());
        assert!(found("no such thing").is_empty());
    }
}
