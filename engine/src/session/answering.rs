//! What the present run's network answers to one sample, while it learns.

use super::Session;
use crate::answer::{Answerer, Mute};
use crate::data::take::{samples, shapes};
use crate::diagnostic::Diagnostic;
use crate::exec::Executor;
use crate::protocol::{Event, Message, TensorInfo};

/// The present run's network as it answers, and where it computes.
pub(super) struct Answering {
    run: u32,
    answerer: Answerer,
    executor: Box<dyn Executor>,
}

/// Tensors of an answer: name, shape, numbers.
type Tensors = Vec<(&'static str, Vec<usize>, Vec<f32>)>;

impl Session {
    /// The answer to test sample number `test`, or to the sample of a file. The run stands for the moment that this takes;
    /// nothing of it is changed, and its pace goes on as it is.
    pub(super) async fn answer(&mut self, test: Option<u32>, file: &[u8]) -> Vec<Message> {
        let (run, step) = self.run.as_ref().map_or((0, 0), |r| (r.number, r.step));
        let mut out = Vec::new();
        let (tensors, faults) = match self.answered(test, file).await {
            Ok(tensors) => (tensors, Vec::new()),
            Err(Mute::Faults(faults)) => (Vec::new(), faults),
            Err(Mute::Lost(fault)) => {
                let said = Diagnostic::new("device", fault.to_string(), "ask again");
                out.extend(self.lost(fault).await);
                (Vec::new(), vec![said])
            }
        };
        let info = |t: &(&str, Vec<usize>, Vec<f32>)| TensorInfo { name: t.0.to_owned(), shape: t.1.clone() };
        let event = Event::Answered { run, step, test, tensors: tensors.iter().map(info).collect(), faults };
        let payload = tensors.into_iter().flat_map(|t| t.2).collect();
        out.push(Message { payload, ..event.into() });
        out
    }

    async fn answered(&mut self, test: Option<u32>, file: &[u8]) -> Result<Tensors, Mute> {
        let Some(run) = &mut self.run else {
            return Err(Diagnostic::new("sample", "there is no network yet", "wait until the experiment runs").into());
        };
        let mut tensors = Tensors::new();
        let sample = match test {
            None => file.chunks(4).map(number).collect(),
            Some(test) => {
                let (split, test) = (&run.data.test, test as usize);
                let len = run.data.samples(split);
                if test >= len {
                    let mend = format!("choose one from 0 to {}", len.saturating_sub(1));
                    return Err(Diagnostic::new("sample", format!("there is no test sample {test}"), mend).into());
                }
                let [_, truth] = shapes(&run.data, 1);
                let [x, y] = samples(&run.data, split, &[test]);
                tensors.push(("sample", run.data.input.clone(), x.clone()));
                tensors.push(("truth", truth.iter().skip(1).copied().collect(), y));
                x
            }
        };
        let known = self.answering.take().filter(|a| a.run == run.number);
        let answering = match known {
            Some(known) => known,
            None => {
                let answerer = Answerer::new(&run.spec, &run.data).map_err(Mute::Faults)?;
                let executor = self.devices.cpu(answerer.plan());
                Answering { run: run.number, answerer, executor }
            }
        };
        let Answering { answerer, executor, .. } = self.answering.insert(answering);
        let wanted: Vec<&str> = answerer.wants().collect();
        let registers = run.registers(|slot| wanted.contains(&slot.name.as_str())).await.map_err(Mute::Lost)?;
        let answer = answerer.answer(executor.as_mut(), &registers, &sample).await?;
        tensors.insert(0, ("answer", answerer.shape().to_vec(), answer));
        Ok(tensors)
    }
}

/// A float of a file, little-endian; of one that is cut off, none.
fn number(bytes: &[u8]) -> f32 {
    bytes.try_into().map_or(f32::NAN, f32::from_le_bytes)
}
