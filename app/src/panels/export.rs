//! Taking the run away: its weights, its network, its training, its figures; and bringing weights back.

use engine::export::Form;
use leptos::html;
use leptos::prelude::*;

use crate::state::Lab;
use crate::tongue::t;
use crate::ui;
use crate::views::touched::{Place, Touched};

#[component]
pub fn Export() -> impl IntoView {
    let lab = Lab::get();
    let idle = Memo::new(move |_| lab.busy.get() || lab.summary.with(Option::is_none));
    let item = move |name: &'static str, help: &'static str, take: Callback<()>| {
        view! {
            <li>
                <button type="button" prop:disabled=move || idle.get() on:click=move |_| take.run(())>{name}</button>
                <span class="help">{help}</span>
            </li>
        }
    };
    let form = |form: Form| Callback::new(move |()| lab.export(form));
    let spec = Callback::new(move |()| {
        let text = lab.spec.with_untracked(engine::spec::text::write);
        ui::download("experiment.json", &text, "application/json");
    });
    let curves = Callback::new(move |()| ui::download("curves.csv", &lab.table(), "text/csv"));
    view! {
        <section class="panel" aria-labelledby="export-title">
            <details>
                <summary><h2 id="export-title">{t("Take away")}</h2></summary>
                <ul class="export">
                    {item(t("Weights"), t("Every weight under its name, as safetensors."), form(Form::Weights))}
                    {item(t("ONNX model"), t("The network as it answers now, for other programs."), form(Form::Onnx))}
                    {item(t("PyTorch script"), t("This training with this rule, one line for each operation."), form(Form::Torch))}
                    {item(t("Data for the script"), t("What the script begins with; put it beside the script."), form(Form::Registers))}
                    {item(t("Experiment"), t("The spec, as JSON: for the command line, or to open here again."), spec)}
                    {item(t("Curves"), t("Loss and the marks of answers over the steps, as CSV."), curves)}
                </ul>
                <Touched at=Place::Files />
                <Bring />
            </details>
        </section>
    }
}

/// Weights from a file into the present run.
#[component]
fn Bring() -> impl IntoView {
    let lab = Lab::get();
    let input = NodeRef::<html::Input>::new();
    let read = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let file = input.files().and_then(|f| f.get(0));
        // The same file may be chosen again.
        input.set_value("");
        if let Some(file) = file {
            lab.bring(file);
        }
    };
    view! {
        <div class="export-in">
            <input node_ref=input type="file" accept=".safetensors" hidden=true aria-label=t("File of weights") on:change=read />
            <button type="button" on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }>{t("Load weights")}</button>
            <span class="help">{t("From a safetensors file of this network: the run begins with them, at step 0.")}</span>
        </div>
    }
}
