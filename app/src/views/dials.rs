//! How well the trained network answers when more or less of it works: quality against operations.

use engine::protocol::DialInfo;
use engine::sorting::Sorting as _;
use leptos::prelude::*;

use super::card::Card;
use super::chart::{Axis, Chart, Line, marks};
use crate::state::{Dialled, Lab, Point};
use crate::tongue::t;
use crate::ui::format;

#[component]
pub fn Dials() -> impl IntoView {
    let lab = Lab::get();
    let dials = Memo::new(move |_| lab.summary.with(|s| s.as_ref().map(|s| s.dials.clone()).unwrap_or_default()));
    view! {
        <Card title=key!("Less of it") help=t("How well this network, as it stands, answers when fewer or more of its parts work: the same weights, other operations for each sample.")>
            <For each=move || dials.get() key=|d| d.path.clone() let:dial>
                <OneDial dial=dial />
            </For>
        </Card>
    }
}

#[component]
fn OneDial(dial: DialInfo) -> impl IntoView {
    let lab = Lab::get();
    let name = t!("{name} of {of}", name = dial.name, of = dial.path.rsplit_once('/').map_or("", |p| p.0));
    let path = StoredValue::new(dial.path.clone());
    let found = move || {
        let mut found = lab.dialled.get();
        found.retain(|d| path.with_value(|p| *p == d.path));
        found.put_in_order_by_key(|d| d.work);
        found
    };
    let line = move || {
        let point = |d: &Dialled| Point { step: d.work as f64, value: d.test.accuracy.into() };
        let points = found().iter().map(point).collect();
        vec![Line { width: 2.0, ..Line::new(lab.mark().name(), |t, _| t.test, points) }]
    };
    let axis = move || Axis { across: |v| format::flops(v as u64), ..marks(lab.mark()) };
    let label = {
        let name = name.clone();
        Signal::derive(move || {
            let told =
                |d: Dialled| t!("{mark} at {value}", mark = lab.mark().write(d.test.accuracy.into()), value = d.value);
            format!("{name}: {}", found().into_iter().map(told).collect::<Vec<_>>().join(", "))
        })
    };
    let rows = move || {
        let row = |d: Dialled| {
            view! {
                <tr>
                    <th scope="row">{d.value.to_string()}</th>
                    <td>{format::flops(d.work)}</td>
                    <td>{lab.mark().write(d.test.accuracy.into())}</td>
                    <td>{d.test.loss.map_or_else(|| "∞".into(), format::loss)}</td>
                </tr>
            }
        };
        found().into_iter().map(row).collect_view()
    };
    let any = Memo::new(move |_| !found().is_empty());
    let step = move || found().first().map(|d| t!("Measured at step {step}.", step = format::thousands(d.step as f64)));
    view! {
        <figure>
            <figcaption>{name} <button on:click=move |_| lab.dial(&dial)>{t("Measure")}</button></figcaption>
            <Show when=move || any.get()>
                <Chart label=label lines=line watch=move || lab.dialled.track() axis=axis() />
                <p class="said">{step}</p>
                <table class="numbers">
                    <thead>
                        <tr>
                            <th scope="col">{t("Value")}</th>
                            <th scope="col">{t("Operations a sample")}</th>
                            <th scope="col">{move || t!("Test {mark}", mark = lab.mark().name())}</th>
                            <th scope="col">{t("Test loss")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
        </figure>
    }
}
