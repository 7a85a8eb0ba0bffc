//! What the page says around a lesson, in the lesson's language where we have it.

pub struct Words {
    pub previous: &'static str,
    pub next: &'static str,
    pub finish: &'static str,
    pub close: &'static str,
    pub fold: &'static str,
    pub unfold: &'static str,
    pub answer: &'static str,
    pub again: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
    pub missed: &'static str,
    pub question: &'static str,
    pub several: &'static str,
    pub checkpoint: &'static str,
    pub reached: &'static str,
    pub now: &'static str,
    pub done: &'static str,
    pub begin: &'static str,
    pub page: &'static str,
    pub of: &'static str,
}

const ENGLISH: Words = Words {
    previous: "Previous",
    next: "Next",
    finish: "Finish",
    close: "Close the lesson",
    fold: "Fold the lesson",
    unfold: "Unfold the lesson",
    answer: "Answer",
    again: "Answer again",
    right: "Right",
    wrong: "Not right",
    missed: "right too",
    question: "Question",
    several: "More than one may be right.",
    checkpoint: "Checkpoint",
    reached: "Reached",
    now: "now",
    done: "done",
    begin: "Set the lab up for this lesson",
    page: "Page",
    of: "of",
};

const SPANISH: Words = Words {
    previous: "Anterior",
    next: "Siguiente",
    finish: "Terminar",
    close: "Cerrar la lección",
    fold: "Plegar la lección",
    unfold: "Desplegar la lección",
    answer: "Responder",
    again: "Responder otra vez",
    right: "Correcto",
    wrong: "No es correcto",
    missed: "también es correcta",
    question: "Pregunta",
    several: "Puede haber más de una correcta.",
    checkpoint: "Meta",
    reached: "Alcanzada",
    now: "ahora",
    done: "hecho",
    begin: "Preparar el laboratorio para esta lección",
    page: "Página",
    of: "de",
};

/// The words for a language tag.
pub fn of(language: &str) -> &'static Words {
    if language.starts_with("es") { &SPANISH } else { &ENGLISH }
}
