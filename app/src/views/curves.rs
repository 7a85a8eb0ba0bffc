//! Loss and accuracy over the run: of the batches, of the training split and of the test split; and the run before.

use leptos::prelude::*;

use super::card::Card;
use super::chart::{Axis, Chart, Line, decimals, marks, step};
use crate::state::{Curve, Lab, Point, Trace};
use crate::ui::field::Check;
use crate::ui::format::{self, Mark};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Loss,
    Accuracy,
}

fn lines(lab: Lab, of: Of) -> Vec<Line> {
    let tracks = |c: &Curve| -> [Vec<Point>; 3] {
        let [a, b, t]: [&Trace; 3] = match of {
            Of::Loss => [&c.batch_loss, &c.train_loss, &c.test_loss],
            Of::Accuracy => [&c.batch_accuracy, &c.train_accuracy, &c.test_accuracy],
        };
        [a.points().to_vec(), b.points().to_vec(), t.points().to_vec()]
    };
    let mut lines = Vec::new();
    let [batch, train, test] = lab.curve.with(tracks);
    lines.push(Line { width: 1.0, opacity: 0.3, ..Line::new("batch", |t, _| t.train, batch) });
    lines.push(Line { dash: 1, ..Line::new("train", |t, _| t.train, train) });
    lines.push(Line { width: 2.0, ..Line::new("test", |t, _| t.test, test) });
    lab.ghost.with(|g| {
        if let Some(g) = g {
            let [_, _, test] = tracks(&g.curve);
            let name = format!("test, {}", g.name);
            lines.push(Line { width: 1.5, dash: 2, ..Line::new(name, |t, _| t.ghost, test) });
        }
    });
    lines
}

#[component]
pub fn Curves() -> impl IntoView {
    let lab = Lab::get();
    let log = RwSignal::new(false);
    let watch = move || {
        lab.curve.track();
        lab.ghost.track();
    };
    let said = move |of: Of| {
        Signal::derive(move || {
            let scores = lab.scores.get();
            let text = |train: String, test: String| format!("train {train}, test {test}");
            match (of, scores) {
                (Of::Loss, Some(s)) => {
                    let word = |l: Option<f32>| l.map_or_else(|| "not finite".into(), format::loss);
                    format!("Loss over the steps: {}", text(word(s.train.loss), word(s.test.loss)))
                }
                (Of::Accuracy, Some(s)) => {
                    let word = |a: f32| lab.mark().write(a.into());
                    format!("{} over the steps: {}", title(lab), text(word(s.train.accuracy), word(s.test.accuracy)))
                }
                (Of::Loss, None) => "Loss over the steps: nothing yet".into(),
                (Of::Accuracy, None) => format!("{} over the steps: nothing yet", title(lab)),
            }
        })
    };
    let loss = Axis { least: None, most: (0.0, f64::MAX), write: short, tick: decimals, across: step };
    let mark = Memo::new(move |_| lab.mark());
    let marks = move || {
        let lines = move || lines(lab, Of::Accuracy);
        view! { <Chart label=said(Of::Accuracy) lines=lines watch=watch axis=axis(mark.get()) /> }
    };
    view! {
        <Card title="Curves" help="Loss and accuracy of each batch, and over samples of both splits.">
            <div class="pair">
                <figure>
                    <figcaption>
                        "Loss" <Check label="Logarithmic" value=log set=move |on| log.set(on) />
                    </figcaption>
                    <Chart label=said(Of::Loss) lines=move || lines(lab, Of::Loss) watch=watch axis=loss log=log />
                </figure>
                <figure>
                    <figcaption>{move || title(lab)}</figcaption>
                    {marks}
                </figure>
            </div>
        </Card>
    }
}

/// What answers are marked by, as a title.
fn title(lab: Lab) -> String {
    format::capital(lab.mark().name())
}

fn axis(mark: Mark) -> Axis {
    let least = match mark {
        Mark::Accuracy => (0.8, 1.0),
        Mark::Determination => (0.0, 1.0),
    };
    Axis { least: Some(least), ..marks(mark) }
}

fn short(v: f64) -> String {
    format::loss(v as f32)
}
