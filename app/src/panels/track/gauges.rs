//! How each stage is taught, drawn beneath its line of credit: one quantity, chosen in the network's head.

use leptos::prelude::*;

use super::layout::Layout;
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::canvas::Sight;
use crate::ui::field::{Choose, Select};
use crate::views::card::watches;
use crate::views::quantities::{Gauge, QUANTITIES, Quantity, traces};

/// What the track grows by to show them, in the page's pixels.
pub const HEIGHT: f64 = 34.0;
/// Widest that one is drawn, and what stays free beside it.
const WIDTH: f64 = 168.0;
const FREE: f64 = 16.0;

/// The quantity that is shown, if any.
#[derive(Clone, Copy)]
pub struct Beneath(RwSignal<Option<&'static Quantity>>);

impl Beneath {
    pub fn provide() -> Self {
        let beneath = Self(RwSignal::new(None));
        provide_context(beneath);
        beneath
    }

    pub fn get(self) -> Option<&'static Quantity> {
        self.0.get()
    }
}

/// Chooses what is shown.
#[component]
pub fn ChooseBeneath() -> impl IntoView {
    let Beneath(shown) = expect_context();
    let options: Vec<_> = std::iter::once(Choose::new("", t("credit alone")))
        .chain(QUANTITIES.iter().map(|q| Choose::new(q.probe, t(q.name))))
        .collect();
    let value = Signal::derive(move || shown.get().map_or("", |q| q.probe).to_owned());
    view! {
        <Select label=t("Beneath each stage") options=options value=value choose=move |probe: String| {
            shown.set(QUANTITIES.into_iter().find(|q| q.probe == probe));
        } />
    }
}

#[component]
pub fn Gauges(layout: Memo<Layout>) -> impl IntoView {
    let lab = Lab::get();
    let beneath = expect_context::<Beneath>();
    let count = Memo::new(move |_| layout.with(|l| l.stages.len()));
    move || {
        beneath.get().map(|quantity| {
            let (traces, count) = (traces(lab, quantity), count.get());
            let at = move |stage: usize| {
                layout.with(|l| {
                    let (left, right) = l.stages.get(stage).copied().unwrap_or_default();
                    let width = (right - left - FREE).min(WIDTH);
                    let x = (left + right - width) / 2.0;
                    format!("left:{x:.0}px;top:{:.0}px;width:{width:.0}px", l.height - 4.0)
                })
            };
            let gauge = move |stage: usize| {
                view! {
                    <div class="gauge" style=move || at(stage) title=t(quantity.title)>
                        <Gauge quantity traces stage count />
                    </div>
                }
            };
            view! {
                <Sight seen=watches(quantity.probe) />
                {(0..count).map(gauge).collect_view()}
            }
        })
    }
}
