//! The library of papers: the cards as the page fetches them, what is being tried of them, and what came of trying.

pub mod banner;
pub mod check;
pub mod cite;
pub mod equation;
pub mod kept;

use std::sync::Arc;

use engine::cards::library::{CardInfo, FormInfo};
use engine::sorting::Sorting as _;
use engine::spec::Spec;
use engine::spec::text::canonical;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::files;
use crate::link::Link;
use crate::state::Lab;
use crate::tongue::t;
use check::Going;
use kept::Kept;

/// Where the cards lie: a file beside the page, which is fetched when they are first asked for.
const CARDS: &str = "cards.json";

/// The library, to be copied freely.
#[derive(Clone, Copy)]
pub struct Papers {
    pub(super) lab: Lab,
    /// The cards, or why they are not there; `None` until they have been asked for and come.
    pub cards: RwSignal<Option<Result<Arc<Vec<CardInfo>>, String>>>,
    asked: StoredValue<bool>,
    /// What a person looks for in the list.
    pub wanted: RwSignal<Wanted>,
    /// What has been tried in this browser.
    pub kept: RwSignal<Vec<Kept>>,
    /// The trial that goes on.
    pub going: RwSignal<Option<Going>>,
    /// Why the last trial came to nothing, with its card.
    pub failed: RwSignal<Option<(String, String)>>,
    /// What is said of a trial when something about it changes.
    pub said: RwSignal<String>,
    link: StoredValue<Option<Link>, LocalStorage>,
}

/// What a person looks for in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub text: String,
    /// A family by its name; empty for all.
    pub family: String,
    pub standing: Standing,
}

/// How a card stands in this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    #[default]
    Any,
    /// It can be tried as a whole in a moment.
    Quick,
    /// It can be tried in full or in short.
    Both,
    Tried,
    Untried,
    Holds,
    Fails,
}

impl Standing {
    pub const ALL: [Self; 7] =
        [Self::Any, Self::Quick, Self::Both, Self::Tried, Self::Untried, Self::Holds, Self::Fails];

    pub fn name(self) -> &'static str {
        match self {
            Self::Any => t("any"),
            Self::Quick => t("quick in full"),
            Self::Both => t("in full or in short"),
            Self::Tried => t("checked here"),
            Self::Untried => t("not checked here"),
            Self::Holds => t("holds here"),
            Self::Fails => t("fails here"),
        }
    }
}

impl Papers {
    pub fn new(lab: Lab) -> Self {
        let papers = Self {
            lab,
            cards: RwSignal::default(),
            asked: StoredValue::new(false),
            wanted: RwSignal::default(),
            kept: RwSignal::new(kept::all()),
            going: RwSignal::default(),
            failed: RwSignal::default(),
            said: RwSignal::default(),
            link: StoredValue::new_local(None),
        };
        papers.follow_lab();
        papers
    }

    /// The library of the component that asks.
    pub fn get() -> Self {
        expect_context()
    }

    /// Fetches the cards, unless they are there or on their way.
    pub fn fetch(self) {
        let there = self.cards.with_untracked(|c| c.as_ref().is_some_and(Result::is_ok));
        if there || self.asked.get_value() {
            return;
        }
        self.asked.set_value(true);
        spawn_local(async move {
            let bytes = files::fetch(CARDS).await.map(|b| b.to_vec());
            let cards = bytes.and_then(|b| {
                serde_json::from_slice::<Vec<CardInfo>>(&b).map_err(|e| t!("they cannot be read ({why})", why = e))
            });
            let cards = cards.map(|all| all.into_iter().map(spoken).collect::<Vec<_>>());
            self.asked.set_value(false);
            self.cards.set(Some(cards.map(Arc::new)));
        });
    }

    /// A card by its id, once the cards are there.
    pub fn card(self, id: &str) -> Option<CardInfo> {
        self.cards.with(|c| c.as_ref()?.as_ref().ok()?.iter().find(|c| c.id == id).cloned())
    }

    /// The name of a card; its id until the cards are there.
    pub fn name(self, id: &str) -> String {
        self.lab.with_catalogue(|c| c.cards.get(id).cloned()).unwrap_or_else(|| id.to_owned())
    }

    /// What was tried last of a card in this form.
    pub fn kept(self, id: &str, quick: bool) -> Option<Kept> {
        self.kept.with(|all| all.iter().find(|k| k.verdict.card == id && k.verdict.quick == quick).cloned())
    }

    /// Whether what was tried of a card held, in whichever form; `None` where nothing was.
    pub fn held(self, id: &str) -> Option<bool> {
        self.kept.with(|all| {
            let mut of = all.iter().filter(|k| k.verdict.card == id).peekable();
            of.peek()?;
            Some(of.all(Kept::holds))
        })
    }

    /// How long a check may take that is to take `seconds` on two cores outside of a browser, going by the checks made
    /// before.
    pub fn expected(self, seconds: u32) -> String {
        let cards = self.cards.get().and_then(Result::ok).unwrap_or_default();
        let slower = self.kept.with(|all| {
            let of = |k: &Kept| {
                let card = cards.iter().find(|c| c.id == k.verdict.card)?;
                Some(k.verdict.seconds / f64::from(check::form(card, k.verdict.quick).seconds))
            };
            let mut all: Vec<f64> = all.iter().filter_map(of).collect();
            all.put_in_order_by(f64::total_cmp);
            all.get(all.len() / 2).copied()
        });
        match slower {
            Some(slower) => {
                let here = (f64::from(seconds) * slower).ceil().max(1.0);
                t!("About {here} s here, going by the checks made before.", here)
            }
            None => {
                t!(
                    "{seconds} s at most on two cores outside of a browser; here it may take some times as long.",
                    seconds
                )
            }
        }
    }

    /// The cards that a person looks for.
    pub fn found(self) -> Vec<CardInfo> {
        let wanted = self.wanted.get();
        let all = self.cards.get().and_then(Result::ok).unwrap_or_default();
        all.iter().filter(|card| self.is_wanted(card, &wanted)).cloned().collect()
    }

    fn is_wanted(self, card: &CardInfo, wanted: &Wanted) -> bool {
        let standing = match wanted.standing {
            Standing::Any => true,
            Standing::Quick => card.quick.is_none(),
            Standing::Both => card.quick.is_some(),
            Standing::Tried => self.held(&card.id).is_some(),
            Standing::Untried => self.held(&card.id).is_none(),
            Standing::Holds => self.held(&card.id) == Some(true),
            Standing::Fails => self.held(&card.id) == Some(false),
        };
        let family = wanted.family.is_empty() || wanted.family == card.family;
        standing && family && says(card, &wanted.text)
    }

    /// Keeps the lab's word on whether its experiment is still the card's that it was opened from.
    fn follow_lab(self) {
        let lab = self.lab;
        Effect::new(move |_| {
            if lab.card.with(Option::is_some) {
                self.fetch();
            }
            let run = lab.card.get().and_then(|id| self.card(&id)).and_then(|card| run_of(&card, &lab.spec.get()));
            if lab.of_card.with_untracked(|of| *of != run) {
                lab.of_card.set(run);
            }
        });
    }
}

/// Whether every word of `text` stands somewhere in the card, in whatever case.
fn says(card: &CardInfo, text: &str) -> bool {
    let all = [&card.title, &card.name, &card.source, &card.claim, &card.id].map(|t| t.to_lowercase()).join(" ");
    text.to_lowercase().split_whitespace().all(|word| all.contains(word))
}

/// What of a card an experiment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Run {
        name: String,
        steps: u64,
        /// Whether transforms follow.
        changed: bool,
    },
    /// All runs, as a race.
    Race,
}

/// What of the card `spec` is, whatever its seed.
fn run_of(card: &CardInfo, spec: &Spec) -> Option<Part> {
    let still = |spec: &Spec| canonical(&Spec { seed: 1, seeds: 1, steps: 1, ..spec.clone() });
    let spec = still(spec);
    let forms = || std::iter::once(&card.full).chain(&card.quick);
    if !spec.lanes.is_empty() {
        let race = |form: &FormInfo| form.race.as_ref().is_some_and(|race| still(race) == spec);
        return forms().any(race).then_some(Part::Race);
    }
    let run = forms().flat_map(|form| &form.runs).find(|run| still(&run.spec) == spec)?;
    Some(Part::Run { name: run.name.clone(), steps: run.steps, changed: !run.then.is_empty() })
}

/// A card in the page's language; its title and its source are the paper's.
fn spoken(card: CardInfo) -> CardInfo {
    let say = |text: String| t(&text).to_owned();
    CardInfo { name: say(card.name), family: say(card.family), claim: say(card.claim), watch: say(card.watch), ..card }
}

#[cfg(test)]
pub mod tests {
    use engine::cards::library::{FormInfo, RunInfo};
    use engine::spec::{BlockSpec, Choice};

    use super::*;

    pub fn card() -> CardInfo {
        let spec = Spec::new(Choice::new("xor"), vec![vec![BlockSpec::new("linear")]]);
        let run = RunInfo { name: "plain".into(), spec, steps: 300, then: Vec::new() };
        let full = FormInfo { seconds: 5, runs: vec![run], claims: vec!["accuracy(plain) ≥ 0".into()], race: None };
        CardInfo {
            id: "soft-hebb".into(),
            name: "Soft".into(),
            title: "Hebbian Deep Learning Without Feedback".into(),
            source: "Journé et al. 2023".into(),
            family: "learning rules".into(),
            claim: "Competing units find features.".into(),
            equation: "dw = y x".into(),
            watch: "The weights.".into(),
            full,
            quick: None,
        }
    }

    #[test]
    fn a_card_is_found_by_words_of_all_that_it_says() {
        for text in ["", "hebbian", "JOURNÉ 2023", "soft-hebb", "features competing", "  feedback  "] {
            assert!(says(&card(), text), "{text}");
        }
        assert!(!says(&card(), "hebbian transformer"));
    }

    #[test]
    fn an_experiment_is_a_run_whatever_its_seed() {
        let card = card();
        let spec = card.full.runs[0].spec.clone();
        let part = Part::Run { name: "plain".into(), steps: 300, changed: false };
        assert_eq!(run_of(&card, &Spec { seed: 9, ..spec.clone() }), Some(part));
        assert_eq!(run_of(&card, &Spec { rate: 0.5, ..spec }), None);
    }
}
