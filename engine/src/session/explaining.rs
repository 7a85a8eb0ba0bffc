//! The arithmetic of one unit, with the numbers that it is made of.

use super::Session;
use super::looking::Unseen;
use crate::diagnostic::Diagnostic;
use crate::lens::{Blind, Subject};
use crate::protocol::{Event, Message};

/// Most inputs of a unit that is explained.
const MOST: usize = 1 << 14;

impl Session {
    /// What unit `unit` of `block` makes of row `row`. Training rests meanwhile.
    pub(super) async fn explain(&mut self, block: String, unit: u32, row: u32, of: Subject) -> Vec<Message> {
        let Some((run, step)) = self.run.as_ref().map(|r| (r.number, r.step)) else { return Vec::new() };
        let (inputs, payload, faults) = match self.terms(&block, unit as usize, row as usize, of).await {
            Ok((inputs, payload)) => (inputs, payload, Vec::new()),
            Err(Unseen::Faults(faults)) => (0, Vec::new(), faults),
            Err(Unseen::Blind(Blind::Fault(fault))) => (0, Vec::new(), vec![fault]),
            Err(Unseen::Blind(Blind::Lost(fault))) => return self.lost(fault).await,
        };
        let event = Event::Explained { run, step, block, unit, row, inputs, faults };
        vec![Message { payload, ..event.into() }]
    }

    /// As the payload of [`Event::Explained`].
    async fn terms(&mut self, block: &str, unit: usize, row: usize, of: Subject) -> Result<(usize, Vec<f32>), Unseen> {
        let named = |what: &str| format!("{block}{what}");
        let (weight, w) = self.seen(&named("/weight"), of).await?;
        let (_, x) = self.seen(&named(":input"), of).await?;
        let (_, z) = self.seen(&named(":output"), of).await?;
        let [inputs, units] = weight.shape[..] else {
            return Err(
                Diagnostic::new(block, "has no one row of weights for each unit", "choose a dense block").into()
            );
        };
        let (rows, answers) = (x.len() / inputs.max(1), z.len() / units.max(1));
        if unit >= units || row >= rows || rows != answers {
            let message = format!("there is no unit {unit} with a row {row}: it has {units} units and {rows} rows");
            return Err(Diagnostic::new(block, message, "choose one of these").into());
        }
        if inputs > MOST {
            let message = format!("a unit with {inputs} inputs is too long to be written out");
            return Err(Diagnostic::new(block, message, format!("choose one with at most {MOST} inputs")).into());
        }
        let column = |of: &[f32]| of.iter().skip(unit).step_by(units).copied().collect::<Vec<_>>();
        let nothing = vec![f32::NAN; inputs];
        let mut payload = x[row * inputs..(row + 1) * inputs].to_vec();
        payload.extend(column(&w));
        for what in ["/weight:update", "/weight:change"] {
            payload.extend(self.there(&named(what), of).await?.map_or(nothing.clone(), |all| column(&all)));
        }
        for what in ["/bias", "/bias:update", "/bias:change"] {
            let found = self.there(&named(what), of).await?;
            payload.push(found.and_then(|all| all.get(unit).copied()).unwrap_or(f32::NAN));
        }
        let at = row * units + unit;
        payload.push(z[at]);
        let behind = self.behind(block, of)?;
        let activation = match behind {
            Some(name) => self.there(&name, of).await?.filter(|all| all.len() == z.len()).map(|all| all[at]),
            None => None,
        };
        payload.push(activation.unwrap_or(f32::NAN));
        Ok((inputs, payload))
    }

    /// A value that need not be there.
    async fn there(&mut self, name: &str, of: Subject) -> Result<Option<Vec<f32>>, Unseen> {
        let known = self.lens(of).map_err(Unseen::Faults)?.lens.find(name).is_some();
        Ok(if known { Some(self.seen(name, of).await?.1) } else { None })
    }

    /// The output of the activation right behind a block.
    fn behind(&mut self, block: &str, of: Subject) -> Result<Option<String>, Unseen> {
        let lens = &self.lens(of).map_err(Unseen::Faults)?.lens;
        let mut outputs = lens.values().filter_map(|v| v.name.strip_suffix(":output"));
        let behind = outputs.by_ref().skip_while(|b| *b != block).nth(1);
        Ok(behind.filter(|b| b.ends_with(".activation")).map(|b| format!("{b}:output")))
    }
}
