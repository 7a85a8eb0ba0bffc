//! What a step costs, counted from the program: the rule beside backpropagation on the same network.

use engine::plan::Order;
use engine::protocol::CostInfo;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;
use crate::ui::format;

#[component]
pub fn Cost() -> impl IntoView {
    let lab = Lab::get();
    let rule = move || {
        let id = lab.loaded.with(|s| s.as_ref().map(|s| s.rule.id.clone())).unwrap_or_default();
        lab.entry(|c| &c.rules, &id).map_or(id, |e| e.name)
    };
    let rows = move || {
        lab.summary.with(|s| {
            let s = s.as_ref()?;
            let (a, b) = (&s.rule, &s.backprop);
            Some(
                view! {
                    <Row name=t("Parameters") help=t("Numbers that learn") a=a.parameters b=b.parameters write=format::count />
                    <Row name=t("Active parameters") help=t("Those that one sample meets: fewer where a route chooses") a=a.active_parameters b=b.active_parameters write=format::count />
                    <Row name=t("Work") help=t("Floating-point operations of one step") a=a.work b=b.work write=format::flops />
                    <Row name=t("Span") help=t("Operations on the longest chain that must be done one after the other") a=a.span b=b.span write=format::count />
                    <Row name=t("A worker a stage") help=t("Operations until the last stage is through, when each stage has a worker of its own, which hands on what it made once it has done all that it could") a=a.makespan b=b.makespan write=format::count />
                    <Row name=t("Memory") help=t("Temporaries at the fullest moment of a step") a=a.memory b=b.memory write=format::bytes />
                    <tr>
                        <th scope="row" title=t("The order of the operations that reached this memory")>{t("Order")}</th>
                        <td>{order(a)}</td>
                        <td>{order(b)}</td>
                        <td></td>
                    </tr>
                    <Row name=t("Registers") help=t("Weights, optimizer state, the rule's own state and the data") a=a.registers b=b.registers write=format::bytes />
                    <Row name=t("Dispatches") help=t("Kernels started in one step") a=a.dispatches b=b.dispatches write=format::count />
                }
                    .into_any(),
            )
        })
    };
    view! {
        <Show when=move || lab.summary.with(Option::is_some)>
        <section class="panel cost" aria-labelledby="cost-title">
            <h2 id="cost-title">{t("Cost of a step")}</h2>
            <p class="help">{t("Counted exactly from the program, before it runs.")}</p>
            <div class="scroll" tabindex="0" role="region" aria-label=t("Table of costs")>
                <table>
                    <thead>
                        <tr>
                            <td></td>
                            <th scope="col">{rule}</th>
                            <th scope="col">{t("Backprop")}</th>
                            <th scope="col">{t("Ratio")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
        </Show>
    }
}

#[component]
fn Row(name: &'static str, help: &'static str, a: u64, b: u64, write: fn(u64) -> String) -> impl IntoView {
    let ratio = format::ratio(a, b);
    let class = match ratio.as_str() {
        "same" | "×1.00" | "–" => "same",
        _ if a < b => "less",
        _ => "more",
    };
    view! {
        <tr>
            <th scope="row" title=help>{name}</th>
            <td>{write(a)}</td>
            <td>{write(b)}</td>
            <td class=class>{t(&ratio).to_owned()}</td>
        </tr>
    }
}

fn order(cost: &CostInfo) -> &'static str {
    match cost.order {
        Order::AsBuilt => t("as built"),
        Order::LeastAliveFirst => t("least alive first"),
        Order::DeepestFirst => t("deepest first"),
    }
}
