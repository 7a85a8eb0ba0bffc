//! Racing the lanes of a spec, over its seeds: one run after the other, each with the whole machine to itself.

use engine::data;
use engine::diagnostic::Diagnostic;
use engine::lab::Lab;
use engine::protocol::CostInfo;
use engine::race::{differences, entrants, lanes, spread};
use engine::session::devices::Machine;
use engine::spec::{Spec, text};
use serde_json::{Value, json};

use crate::device::settle;
use crate::report::{Report, pretty};
use crate::run::{Args, EVALUATE, Trained, train};
use crate::say::say;
use crate::table::{grouped, table};
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files, score};

/// What a lane came to with one seed.
struct Result {
    lane: usize,
    /// The [`score`] on the test split, and its loss; NaN where the run diverged.
    accuracy: f64,
    loss: f64,
    seconds: f64,
    report: Value,
}

pub fn race(spec: &Spec, args: &Args) -> Answer {
    if args.weights.is_some() {
        let mend = "name one lane's spec without lanes, or leave --weights away";
        return Err(vec![Diagnostic::new("--weights", "a race has the weights of many runs", mend)]);
    }
    if args.from.is_some() {
        let mend = "name one lane's spec without lanes, or leave --from away";
        return Err(vec![Diagnostic::new("--from", "a race begins many runs", mend)]);
    }
    let lanes = lanes(spec)?;
    let costs = costs(&lanes, args)?;
    let specs: Vec<&Spec> = lanes.iter().map(|l| &l.1).collect();
    let differences = differences(&specs);
    let entrants = entrants(spec)?;
    let all = entrants.len();
    let machine = Machine::default();
    let mut results: Vec<Result> = Vec::new();
    for (i, entrant) in entrants.into_iter().enumerate() {
        let mut trainer = Trainer::new(&entrant.spec, files::data(&entrant.spec, &args.own)?)?;
        let place = settle(&mut trainer, &machine, args.device)?;
        let trained = train(&mut trainer, spec.steps, EVALUATE)?;
        let Trained { curve, time, diverged } = &trained;
        let test = curve.last().and_then(|p| p.splits).filter(|_| diverged.is_none()).map(|s| s[1]);
        let asked = trainer.lab.task.answer;
        let lane = &lanes[entrant.lane].0;
        let came = test.map_or_else(|| "diverged".to_owned(), |t| score::said(asked, t.accuracy));
        let seconds = time.as_secs_f64();
        eprintln!("{} of {all}: {lane} with seed {}: {came} in {seconds:.1} s", i + 1, entrant.seed);
        let device = place.json();
        let report =
            Report { spec: &entrant.spec, lab: &trainer.lab, device, time: *time, curve, diverged: *diverged }.json();
        let (accuracy, loss) = test.map_or((f64::NAN, f64::NAN), |t| (t.accuracy.into(), t.loss.into()));
        results.push(Result { lane: entrant.lane, accuracy, loss, seconds, report });
    }
    say(told(&lanes, &differences, &costs, &results).trim_end())?;
    if let Some(path) = &args.report {
        let report = json!({
            "version": 1,
            "spec": serde_json::from_str::<Value>(&text::compact(spec)).unwrap_or_default(),
            "differences": differences.iter().map(|(field, of)| json!({ "field": field, "of": of })).collect::<Vec<_>>(),
            "lanes": lanes.iter().enumerate().map(|(i, l)| lane(i, &l.0, costs[i].1, &results)).collect::<Vec<_>>(),
        });
        files::write(path, format!("{}\n", pretty(&report)).as_bytes())?;
    }
    let fine = results.iter().all(|r| r.accuracy.is_finite());
    Ok(if fine { Outcome::Done } else { Outcome::Failed })
}

/// What each lane costs, and what it is asked for. Building all of them first shows every fault before anything runs.
fn costs(lanes: &[(String, Spec)], args: &Args) -> std::result::Result<Vec<(CostInfo, data::Answer)>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut costs = Vec::new();
    for (name, spec) in lanes {
        match files::data(spec, &args.own).and_then(|data| Lab::new(spec, &data)) {
            Ok(lab) => costs.push((lab.cost, lab.task.answer)),
            Err(wrong) => faults.extend(wrong.into_iter().map(|f| f.within(name))),
        }
    }
    if faults.is_empty() { Ok(costs) } else { Err(faults) }
}

fn of(lane: usize, results: &[Result], figure: fn(&Result) -> f64) -> Option<(f64, f64)> {
    let values: Vec<f64> = results.iter().filter(|r| r.lane == lane).map(figure).collect();
    spread(&values)
}

fn lane(i: usize, name: &str, asked: data::Answer, results: &[Result]) -> Value {
    let figure = |figure: fn(&Result) -> f64| {
        of(i, results, figure).map(|(mean, spread)| json!({ "mean": mean, "spread": spread }))
    };
    json!({
        "name": name,
        score::name(asked): figure(|r| r.accuracy),
        "loss": figure(|r| r.loss),
        "seconds": figure(|r| r.seconds),
        "runs": results.iter().filter(|r| r.lane == i).map(|r| r.report.clone()).collect::<Vec<_>>(),
    })
}

/// The table of what came of it, and of what differs.
fn told(
    lanes: &[(String, Spec)],
    differences: &[(String, Vec<String>)],
    costs: &[(CostInfo, data::Answer)],
    results: &[Result],
) -> String {
    let asked: Vec<data::Answer> = costs.iter().map(|c| c.1).collect();
    let heads =
        ["lane", score::head(&asked), "test loss", "seconds", "operations a step", "span", "temporaries, bytes"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    let shown = |v: Option<(f64, f64)>, digits: usize, scale: f64| {
        v.map_or_else(|| "diverged".to_owned(), |(m, s)| format!("{:.digits$} ± {:.digits$}", m * scale, s * scale))
    };
    for (i, ((name, _), (cost, asked))) in lanes.iter().zip(costs).enumerate() {
        let (digits, factor) = score::scale(*asked);
        rows.push(vec![
            name.clone(),
            shown(of(i, results, |r| r.accuracy), digits, factor),
            shown(of(i, results, |r| r.loss), 4, 1.0),
            shown(of(i, results, |r| r.seconds), 1, 1.0),
            grouped(cost.work),
            grouped(cost.span),
            grouped(cost.memory),
        ]);
    }
    let mut out = format!("mean over seeds ± half the distance from the least to the greatest\n{}", table(&rows));
    if !differences.is_empty() {
        let mut rows = vec![vec!["what differs".to_owned()]];
        rows[0].extend(lanes.iter().map(|l| l.0.clone()));
        for (field, texts) in differences {
            rows.push([std::slice::from_ref(field), texts.as_slice()].concat());
        }
        out += &format!("\n{}", table(&rows));
    }
    out
}
