//! The check of a card: its claims, how far a trial of them is, and what came of the last one here.

use engine::cards::SEEDS;
use engine::cards::library::CardInfo;
use engine::trial::Judged;
use leptos::prelude::*;

use super::page::spoken;
use crate::papers::Papers;
use crate::papers::check::{Going, form};
use crate::papers::kept::Kept;
use crate::tongue::{english, t};
use crate::ui::format::thousands;

#[component]
pub fn Check(card: CardInfo, quick: bool) -> impl IntoView {
    let papers = Papers::get();
    let form = form(&card, quick).clone();
    let id = StoredValue::new(card.id.clone());
    let name = card.name.clone();
    let mine = move || papers.going.with(|g| g.as_ref().is_some_and(|g| g.card == id.get_value() && g.quick == quick));
    let mine = Memo::new(move |_| mine());
    // Another card's, or this one's other form.
    let other = Memo::new(move |_| papers.going.with(|g| g.as_ref().filter(|_| !mine.get()).map(|g| g.card.clone())));
    let kept = Memo::new(move |_| papers.kept(&id.get_value(), quick));
    let stored = StoredValue::new(card);
    let run = move |_| if mine.get_untracked() { papers.stop() } else { papers.check(&stored.get_value(), quick) };
    let expected = move || match other.get() {
        Some(other) => t!("The check of {name} goes on; this one would end it.", name = papers.name(&other)),
        None => papers.expected(form.seconds),
    };
    let failed = move || {
        let (of, why) = papers.failed.get()?;
        (of == id.get_value())
            .then(|| view! { <p class="fault" role="alert"><b>{t("The check could not be made.")} " "</b> <span lang=english()>{why}</span></p> })
    };
    let claims = form.claims.clone();
    let told = move || match kept.get() {
        Some(kept) => view! { <Told kept claims=claims.clone() /> }.into_any(),
        None => {
            view! { <ul class="claims">{claims.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view()}</ul> }
                .into_any()
        }
    };
    view! {
        <h3 id="check-title">{t("Check")}</h3>
        <p class="help">
            {t!("Every run is trained with the seeds {seeds}, and every claim must hold with each. It runs on the CPU, beside the lab.", seeds = seeds())}
        </p>
        <div class="paper-do">
            <button type="button" class="play" on:click=run>{move || if mine.get() { t("Stop the check") } else { t("Run the check") }}</button>
            <Show when=move || !mine.get()><span class="help">{expected}</span></Show>
        </div>
        <Show when=move || mine.get()><Progress name=name.clone() /></Show>
        {failed}
        <p class="sr" role="status">{move || papers.said.get()}</p>
        {told}
    }
}

fn seeds() -> String {
    SEEDS.map(|s| s.to_string()).join(", ")
}

#[component]
fn Progress(name: String) -> impl IntoView {
    let papers = Papers::get();
    let at = move || papers.going.get().and_then(|g| g.at);
    let share = move || at().map_or(0.0, |at| at.done as f64 / at.of.max(1) as f64);
    let text = move || papers.going.get().map(|going| told(&going));
    view! {
        <div class="checking">
            <progress aria-label=t!("The check of {name}", name) max="1" prop:value=share></progress>
            <p>{text}</p>
        </div>
    }
}

/// Where a trial is, in words.
fn told(going: &Going) -> String {
    let Some(at) = &going.at else { return t("It is being made ready.").to_owned() };
    let place = t!(
        "{name} with seed {seed}, step {step} of {steps}",
        name = at.run,
        seed = at.seed,
        step = thousands(at.step as f64),
        steps = thousands(at.steps as f64)
    );
    match going.left() {
        Some(left) => t!("{place}; about {time} left", place, time = spoken(left.ceil() as u32)),
        None => place,
    }
}

/// What came of the last check here.
#[component]
fn Told(kept: Kept, claims: Vec<String>) -> impl IntoView {
    let hold = kept.verdict.claims.iter().filter(|c| c.holds()).count();
    let all = kept.verdict.claims.len();
    let older = kept.verdict.claims.iter().map(|c| &c.claim).ne(claims.iter());
    let older =
        older.then_some(t(" It was of an earlier version of this card, whose claims were others: check it again."));
    let when = t!(
        "Checked here on {day}, in {seconds} s, on the CPU ({device}): {hold} of {all} claims hold.",
        day = kept.day(),
        seconds = format_args!("{:.0}", kept.verdict.seconds),
        device = kept.verdict.device,
        hold,
        all
    );
    view! {
        <p class="checked">{when} {older}</p>
        <div class="scroll" tabindex="0" role="region" aria-label=t("Results of the check")>
            <table class="verdicts">
                <thead>
                    <tr>
                        <th scope="col">{t("Claim and figures")}</th>
                        {SEEDS.map(|seed| view! { <th scope="col">{t!("seed {seed}", seed)}</th> }).collect_view()}
                        <th scope="col">{t("In all")}</th>
                    </tr>
                </thead>
                {kept.verdict.claims.into_iter().map(claim).collect_view()}
            </table>
        </div>
    }
}

fn claim(judged: Judged) -> impl IntoView {
    let verdict = |holds: bool| {
        if holds {
            view! { <span class="verdict holds">{t("✓ holds")}</span> }
        } else {
            view! { <span class="verdict fails">{t("✗ fails")}</span> }
        }
    };
    let seeds = judged.seeds.iter().map(|&holds| view! { <td>{verdict(holds)}</td> }).collect_view();
    let figures = judged.figures.iter().map(|line| {
        let values = line.values.iter().map(|v| view! { <td>{v.clone()}</td> }).collect_view();
        view! { <tr><th scope="row" class="figure">{line.figure.clone()}</th> {values} <td></td></tr> }
    });
    view! {
        <tbody>
            <tr class="claim"><th scope="row">{judged.claim.clone()}</th> {seeds} <td><b>{verdict(judged.holds())}</b></td></tr>
            {figures.collect_view()}
        </tbody>
    }
}
