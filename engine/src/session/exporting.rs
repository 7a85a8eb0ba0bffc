//! What is taken away of the present run, and weights that are brought to it.

use super::Session;
use super::loading::Start;
use crate::diagnostic::Diagnostic;
use crate::exec::Fault;
use crate::export::{Form, onnx, safetensors, torch};
use crate::protocol::{Event, Message};
use crate::spec::Spec;
use crate::touch::{Past, Touch, What};
use crate::weights::Weights;

impl Session {
    /// The run, as it stands, as a file.
    pub(super) async fn export(&mut self, form: Form) -> Vec<Message> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let (number, step) = (run.number, run.step);
        let file = match self.file(form).await {
            Ok(file) => file,
            Err(fault) => return self.lost(fault).await,
        };
        let (file, faults) = match file {
            Ok(file) => (file, Vec::new()),
            Err(faults) => (Vec::new(), faults),
        };
        self.restart_pace();
        vec![Message { file, ..Event::Exported { run: number, step, form, faults }.into() }]
    }

    /// # Errors
    /// The device is lost; or, within, what keeps the run from being written like that.
    async fn file(&mut self, form: Form) -> Result<Result<Vec<u8>, Vec<Diagnostic>>, Fault> {
        let Some(run) = &mut self.run else { return Ok(Ok(Vec::new())) };
        Ok(match form {
            Form::Weights => safetensors::pack(&run.weights().await?, &run.spec, &run.touches),
            Form::Onnx => {
                let registers = run.registers(|_| true).await?;
                let past = Past { step: run.step, touches: run.touches.clone() };
                onnx::model(&run.spec, &run.data, &registers, &past, None).map(|made| made.bytes)
            }
            Form::Torch => Ok(torch::script(&run.spec, &run.lab, Form::Registers.file(), &run.touches).into_bytes()),
            Form::Registers => {
                let lab = run.lab.clone();
                let wanted = torch::registers(&lab);
                let held = run.registers(|slot| wanted.contains(slot.name.as_str())).await?;
                safetensors::pack(&held, &run.spec, &run.touches)
            }
        })
    }

    /// Loads `spec` as run `number` on the present run's data, with the present run's weights.
    pub(super) async fn carry(&mut self, number: u32, spec: Spec) -> Vec<Message> {
        let Some(run) = &mut self.run else { return self.load(Start::new(number, spec, self.wanted), &[]).await };
        let mut touches = run.touches.clone();
        touches.push(Touch { step: run.step, what: What::Carried { rule: run.spec.rule.id.clone() } });
        match run.weights().await {
            Ok(weights) => self.load(Start { weights, touches, ..Start::new(number, spec, self.wanted) }, &[]).await,
            Err(fault) => self.lost(fault).await,
        }
    }

    /// Loads `spec` as run `number` on the present run's data, with the weights of a file.
    pub(super) async fn begin_with(&mut self, number: u32, spec: Spec, file: &[u8]) -> Vec<Message> {
        let refused = |fault| vec![Event::Refused { run: number, faults: vec![fault] }.into()];
        let weights = match safetensors::unpack(file) {
            Ok(weights) if weights == Weights::new() => {
                return refused(Diagnostic::new("", "the file holds no weights", "give one that Signalbox wrote"));
            }
            Ok(weights) => weights,
            Err(fault) => return refused(fault),
        };
        let mut touches = safetensors::touches(file);
        touches.push(Touch { step: 0, what: What::Given });
        self.load(Start { weights, touches, ..Start::new(number, spec, self.wanted) }, &[]).await
    }
}
