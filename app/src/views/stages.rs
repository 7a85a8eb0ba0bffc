//! Small multiples of how each stage is taught, one line of three small curves a stage.

use leptos::prelude::*;

use super::card::{Card, watches};
use super::quantities::{Gauge, QUANTITIES, traces};
use crate::state::Lab;
use crate::tongue::t;
use crate::ui::canvas::Sight;

#[component]
pub fn Stages() -> impl IntoView {
    let lab = Lab::get();
    let all = QUANTITIES.each_ref().map(|q| (q, traces(lab, q)));
    let watched = QUANTITIES.map(|q| watches(q.probe));
    let seen = Callback::new(move |on: bool| watched.iter().for_each(|w| w.run(on)));
    let count = Memo::new(move |_| lab.loaded.with(|s| s.as_ref().map_or(0, |s| s.stages.len())));
    let row = move |stage: usize| {
        let count = count.get_untracked();
        let name = if stage + 1 == count { t("Read-out").to_owned() } else { (stage + 1).to_string() };
        let gauges = all
            .map(|(quantity, traces)| view! { <td><Gauge quantity traces stage count /></td> })
            .into_iter()
            .collect_view();
        view! { <tr><th scope="row">{name}</th>{gauges}</tr> }
    };
    view! {
        <Card title=key!("Stage by stage") help=t("How each stage is taught, over the steps seen so far. It costs about four steps a look; close it to switch it off.")>
            <Sight seen=seen />
            <table class="multiples">
                <thead>
                    <tr>
                        <th scope="col">{t("Stage")}</th>
                        {QUANTITIES.map(|q| view! { <th scope="col" title=t(q.title)>{t(q.name)}</th> }).into_iter().collect_view()}
                    </tr>
                </thead>
                <tbody>{move || (0..count.get()).map(row).collect_view()}</tbody>
            </table>
        </Card>
    }
}
