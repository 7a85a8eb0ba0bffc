//! The bench: opened by `?bench` instead of the lab. It measures a training step of each workload in the worker, on
//! each device, one after the other. `?bench=W1,W2&device=cpu` asks for less.

mod series;

use engine::bench::Measured;
use engine::exec::Device;
use engine::workloads::workloads;
use leptos::prelude::*;

use self::series::{Row, Series, State};
use crate::tongue::t;
use crate::ui::{self, format};

/// What is to be measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    workloads: Vec<String>,
    devices: Vec<Device>,
}

/// What the address asks for; `None` is the lab.
pub fn asked() -> Option<Asked> {
    read(&web_sys::window()?.location().search().ok()?)
}

fn read(query: &str) -> Option<Asked> {
    let part = |name: &str| {
        let parts = query.trim_start_matches('?').split('&');
        parts.map(|p| p.split_once('=').unwrap_or((p, ""))).find(|p| p.0 == name).map(|p| p.1)
    };
    let named = part("bench")?.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let every = || workloads().iter().map(|w| w.id.to_owned()).collect();
    let devices = match part("device") {
        Some("cpu") => vec![Device::Cpu],
        Some("gpu") => vec![Device::Gpu],
        Some(_) | None => vec![Device::Cpu, Device::Gpu],
    };
    Some(Asked { workloads: if named.is_empty() { every() } else { named }, devices })
}

#[component]
pub fn Bench(asked: Asked) -> impl IntoView {
    let series = Series::start(&asked);
    let rows = series.rows;
    let report = Memo::new(move |_| series.report());
    let copied = RwSignal::new(false);
    let copy = move |_| {
        if let Some(report) = report.get_untracked() {
            ui::copy(&report, move |done| copied.set(done));
        }
    };
    view! {
        <header class="top">
            <h1>{t("Signalbox: the bench")}</h1>
            <div class="tools">
                <a href="./">{t("To the lab")}</a>
            </div>
        </header>
        <main class="bench">
            <p>
                {t("How long one training step takes here: fetching a batch, forward, backward, the update. Beside it, the rate of a large product of matrices on the same device, which is what the device can do at most.")}
            </p>
            <p role="status">{move || rows.with(|r| progress(r))}</p>
            <section class="panel" aria-label=t("Results")>
                <div class="scroll">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{t("Workload")}</th>
                                <th scope="col">{t("Device")}</th>
                                <th scope="col">{t("ms a step")}</th>
                                <th scope="col">"GFLOP/s"</th>
                                <th scope="col" title=t("Share of the device's rate in a product of 1024×1024 matrices")>{t("of ceiling")}</th>
                                <th scope="col" title=t("Pieces of work that the device is given in a step")>{t("dispatches")}</th>
                            </tr>
                        </thead>
                        <tbody>{move || rows.get().into_iter().map(line).collect_view()}</tbody>
                    </table>
                </div>
                <ul class="help">{move || rows.with(|r| ceilings(r)).into_iter().map(|c| view! { <li>{c}</li> }).collect_view()}</ul>
            </section>
            <Show when=move || report.with(Option::is_some)>
                <section class="panel" aria-label="JSON">
                    <div>
                        <Show when=ui::can_copy>
                            <button type="button" on:click=copy>
                                {move || if copied.get() { t("JSON copied") } else { t("Copy JSON") }}
                            </button>
                        </Show>
                    </div>
                    <details>
                        <summary>{t("The results as JSON")}</summary>
                        <pre id="bench-json">{report}</pre>
                    </details>
                </section>
            </Show>
        </main>
    }
}

fn line(row: Row) -> impl IntoView {
    let figures = match row.state {
        State::Waiting => view! { <td colspan="4">"–"</td> }.into_any(),
        State::Running => view! { <td colspan="4">{t("measuring …")}</td> }.into_any(),
        State::Missing(faults) => {
            let why = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            view! { <td colspan="4" class="missing">{why}</td> }.into_any()
        }
        State::Done(m) => view! {
            <td>{milliseconds(m.milliseconds)}</td>
            <td>{format!("{:.2}", m.gflops)}</td>
            <td>{format!("{:.0} %", 100.0 * m.fraction_of_ceiling)}</td>
            <td>{format::thousands(m.dispatches as f64)}</td>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{row.workload} <small>{row.what}</small></th>
            <td>{format::device(row.device)}</td>
            {figures}
        </tr>
    }
}

/// Four places or so, whatever the size.
fn milliseconds(value: f64) -> String {
    match value {
        v if v < 1.0 => format!("{v:.4}"),
        v if v < 100.0 => format!("{v:.2}"),
        v => format::thousands(v),
    }
}

fn progress(rows: &[Row]) -> String {
    match rows.iter().position(|r| !r.is_over()) {
        Some(at) => {
            let row = &rows[at];
            t!(
                "Measuring {workload} on {device}: {at} of {all}",
                workload = row.workload,
                device = format::device(row.device),
                at = at + 1,
                all = rows.len()
            )
        }
        None => t("Measured.").to_owned(),
    }
}

/// Each device with its rate in the product of matrices.
fn ceilings(rows: &[Row]) -> Vec<String> {
    let mut all: Vec<&Measured> = Vec::new();
    for measured in rows.iter().filter_map(Row::measured) {
        if all.iter().all(|m| m.device != measured.device) {
            all.push(measured);
        }
    }
    let said = |m: &&Measured| {
        let device = format::device(m.device);
        t!(
            "{device} ({chip}): {rate} GFLOP/s in a product of 1024×1024 matrices",
            device,
            chip = m.name,
            rate = format_args!("{:.1}", m.ceiling_gflops)
        )
    };
    all.iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_to_measure() {
        assert_eq!(read(""), None);
        assert_eq!(read("?lang=en"), None);
        let all = Asked {
            workloads: ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"].map(str::to_owned).to_vec(),
            devices: vec![Device::Cpu, Device::Gpu],
        };
        assert_eq!(read("?bench"), Some(all));
        let two = Asked { workloads: vec!["W1".into(), "W3".into()], devices: vec![Device::Cpu] };
        assert_eq!(read("?bench=W1,W3&device=cpu"), Some(two));
    }
}
