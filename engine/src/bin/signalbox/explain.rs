//! A spec's step as a program, as a plan, and in figures.

use std::path::Path;

use engine::lab::{Lab, STEP};
use engine::plan::Plan;
use engine::protocol::CostInfo;

use crate::files::{self, Own};
use crate::say::say;
use crate::table::{grouped, table};
use crate::{Answer, Outcome};

pub fn explain(path: &Path, own: &Own) -> Answer {
    let spec = files::spec(path)?;
    let lab = Lab::new(&spec, &files::data(&spec, own)?)?;
    say(&lab.programs[STEP])?;
    say(Plan { programs: vec![lab.plan.programs[STEP].clone()], ..(*lab.plan).clone() })?;
    say(costs(&spec.rule.id, &lab.cost, &lab.backprop).trim_end())?;
    Ok(Outcome::Done)
}

/// What a step costs, beside backpropagation where the rule is another.
pub fn costs(rule: &str, own: &CostInfo, backprop: &CostInfo) -> String {
    let mut heads = vec![(rule, own)];
    if own != backprop {
        heads.push(("backprop", backprop));
    }
    let mut rows = vec![vec!["counted".to_owned()]];
    rows[0].extend(heads.iter().map(|h| h.0.to_owned()));
    let mut row = |name: &str, figure: fn(&CostInfo) -> String| {
        let figures = heads.iter().map(|h| figure(h.1));
        rows.push(std::iter::once(name.to_owned()).chain(figures).collect());
    };
    row("parameters", |c| grouped(c.parameters));
    row("of them active for a sample", |c| grouped(c.active_parameters));
    row("work of a step, operations", |c| grouped(c.work));
    row("span of a step, operations", |c| grouped(c.span));
    row("with a worker a stage, operations", |c| grouped(c.makespan));
    row("temporaries, bytes", |c| grouped(c.memory));
    row("in the order", |c| format!("{:?}", c.order));
    row("registers, bytes", |c| grouped(c.registers));
    row("dispatches", |c| grouped(c.dispatches));
    table(&rows)
}
