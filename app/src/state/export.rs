//! What is taken away of the run, and weights that are brought to it.

use engine::data::FILE_MAX;
use engine::diagnostic::Diagnostic;
use engine::export::Form;
use engine::protocol::{Command, Event};
use engine::touch;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::{Lab, Notice, sentence};
use crate::tongue::t;
use crate::ui::{self, format};

impl Lab {
    /// Has the run written as a file, which is offered when it comes.
    pub fn export(self, form: Form) {
        self.dismiss("export");
        self.send(&Command::Export { form });
    }

    /// A file has come.
    pub(super) fn take_away(self, event: &Event, file: &Uint8Array) {
        if let Event::Exported { run, form, .. } = event
            && self.line.with_value(|l| l.current == *run)
        {
            ui::download_bytes(form.file(), file);
        }
    }

    /// The run cannot be written like that.
    pub(super) fn not_written(self, form: Form, faults: &[Diagnostic]) {
        let title = t!("{name} could not be written", name = form.file());
        self.tell(Notice::alert("export", title, "").quoting(faults));
    }

    /// Begins the present run anew with the weights of a file.
    pub fn bring(self, file: File) {
        self.dismiss("weights");
        self.busy.set(true);
        spawn_local(async move {
            let fault = |why: String| {
                self.busy.set(false);
                self.tell(Notice::alert("weights", t!("{name} could not be read", name = file.name()), sentence(&why)));
            };
            if file.size() > FILE_MAX as f64 {
                let (have, most) = (format::bytes(file.size() as u64), format::bytes(FILE_MAX as u64));
                return fault(t!("it has {have}, and at most {most} are read", have, most));
            }
            match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => self.begin_with(&Uint8Array::new(&buffer)),
                Err(_) => fault(t("the browser could not read the file").into()),
            }
        });
    }

    fn begin_with(self, file: &Uint8Array) {
        let sent = self.line.with_value(|l| l.sent.clone()).filter(|_| self.faults.with_untracked(Vec::is_empty));
        let Some(spec) = sent else {
            self.busy.set(false);
            let text = t("Mend what keeps the experiment from running first.");
            return self.tell(Notice::alert("weights", t("There is no run to give weights to"), text));
        };
        self.line.update_value(|l| {
            l.run += 1;
            l.weighed = Some(l.run);
        });
        self.busy.set(true);
        self.line.with_value(|l| {
            if let Some(link) = &l.link {
                link.send(&Command::Bring { run: l.run, spec: Box::new(spec) }, std::slice::from_ref(file));
            }
        });
    }

    /// The curves as a table.
    pub fn table(self) -> String {
        let mark = self.mark();
        let touched = self.touches.with_untracked(|touches| touch::write(touches));
        self.curve.with_untracked(|c| c.csv(mark.name(), &touched))
    }
}
