//! The two fences that have a meaning of their own.
//!
//! ```text
//! id: faster                                 rule = feedback-alignment
//! Which rule will be faster?                 accuracy > 0.9 on test within 500 steps
//! - [x] Backpropagation                      > Shown to the reader in the place of the tests.
//! - [ ] Feedback alignment
//! > Shown once it is answered.
//! ```
//!
//! Every line of a `check` must hold at once. Figures: `accuracy`, `loss` (`on test` or `on train`), `step`, `alignment`
//! (`at stage 1`), `entropy`, `busiest`, `idlest` (of the first route); settings: `rule = …`, `routing = …`, and paths;
//! and `race done`.

use super::super::form::{Checkpoint, Choice, Figure, Part, Question, Split, Test, Than};
use super::{Desk, markdown};

/// Reads the inside of a `question`; `first` is the number of its first line.
pub fn question(desk: &mut Desk, lines: &[&str], first: usize) {
    let mut question = Question::default();
    let (mut text, mut why) = (Vec::new(), Vec::new());
    for (i, line) in lines.iter().enumerate() {
        let (line, number) = (line.trim(), first + i);
        let choice = [("- [ ]", false), ("- [x]", true), ("- [X]", true)];
        let choice = choice.iter().find_map(|(mark, right)| Some((line.strip_prefix(mark)?, *right)));
        if let Some((said, right)) = choice {
            let text = markdown::inline(desk, said.trim(), number);
            question.choices.push(Choice { text, right });
        } else if let Some(said) = line.strip_prefix('>') {
            why.push(said.trim());
        } else if let Some(id) = line.strip_prefix("id:").filter(|_| text.is_empty() && question.id.is_empty()) {
            question.id = id.trim().to_owned();
        } else if question.choices.is_empty() {
            text.push(line);
        } else if !line.is_empty() {
            desk.fault(number, "this line is neither a choice nor an explanation", "begin it with `- [ ]` or `>`");
        }
    }
    question.text = markdown::html(desk, text.join("\n").trim(), first);
    question.why = markdown::html(desk, &why.join("\n"), first + lines.len().saturating_sub(why.len()));
    if question.id.is_empty() {
        question.id = format!("{}.{}", desk.page(), desk.questions.len() + 1);
    }
    if desk.questions.contains(&question.id) {
        desk.fault(first, format!("two questions are called `{}`", question.id), "give one of them another `id:`");
    }
    if question.text.is_empty() {
        desk.fault(first, "the question asks nothing", "write it before its choices");
    }
    if question.choices.len() < 2 {
        desk.fault(first, "the question has less than two choices", "add lines that begin with `- [ ]`");
    }
    if !question.choices.iter().any(|c| c.right) {
        desk.fault(first, "no choice is right", "mark one with `- [x]`");
    }
    if why.is_empty() {
        desk.fault(first, "the question explains nothing", "add a line that begins with `>`");
    }
    desk.questions.push(question.id.clone());
    desk.put(Part::Question(question), first);
}

/// Reads the inside of a `check`; `first` is the number of its first line.
pub fn checkpoint(desk: &mut Desk, lines: &[&str], first: usize) {
    let mut checkpoint = Checkpoint::default();
    let mut said = Vec::new();
    let mut plain = Vec::new();
    for (i, line) in lines.iter().enumerate().filter(|l| !l.1.trim().is_empty()) {
        let line = line.trim();
        if let Some(words) = line.strip_prefix('>') {
            said.push(words.trim());
            continue;
        }
        plain.push(format!("`{line}`"));
        match test(line) {
            Ok(test) => checkpoint.tests.push(test),
            Err((message, mend)) => desk.fault(first + i, message, mend),
        }
    }
    if checkpoint.tests.is_empty() {
        desk.fault(first, "the checkpoint tests nothing", "write `accuracy > 0.9 on test`");
    }
    // Named by what it asks for, so that it stays done when the text around it changes.
    checkpoint.id = plain.join(" ");
    let text = if said.is_empty() { plain.join(", ") } else { said.join("\n") };
    checkpoint.text = markdown::inline(desk, &text, first);
    desk.put(Part::Checkpoint(checkpoint), first);
}

/// Reads one line of a `check`.
fn test(line: &str) -> Result<Test, (String, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["race", "done"] => return Ok(Test::RaceDone),
        [path, "=", value] => return Ok(Test::Setting { path: path.into(), is: value.into() }),
        _ => {}
    }
    let [name, than, value, ref rest @ ..] = words[..] else {
        let mend = "write `accuracy > 0.9 on test within 500 steps`, `rule = backprop` or `race done`";
        return Err((format!("`{line}` is no test"), mend.into()));
    };
    let than = match than {
        ">" => Than::Above,
        "<" => Than::Below,
        other => return Err((format!("`{other}` compares nothing"), "write `>` or `<`".into())),
    };
    let percent = value.strip_suffix('%').map(|v| (v, 0.01));
    let (digits, unit) = percent.unwrap_or((value, 1.0));
    let number: f64 = digits.parse().map_err(|_| (format!("`{value}` is no number"), "give one".to_owned()))?;
    let (mut split, mut stage, mut within) = (Split::Test, None, None);
    let mut rest = rest.iter().copied();
    while let Some(word) = rest.next() {
        match (word, rest.next()) {
            ("on", Some("test")) => split = Split::Test,
            ("on", Some("train")) => split = Split::Train,
            ("at", Some("stage")) => stage = rest.next().and_then(|n| n.parse::<usize>().ok()).filter(|n| *n > 0),
            ("within", Some(n)) if rest.next() == Some("steps") => {
                within = Some(n.parse().map_err(|_| (format!("`{n}` is no number of steps"), "give one".to_owned()))?);
            }
            (word, _) => {
                let mend = "choose `on test`, `on train`, `at stage 1`, `within 500 steps`";
                return Err((format!("`{word} …` is unknown"), mend.into()));
            }
        }
    }
    let figure = match (name, stage) {
        ("accuracy", _) => Figure::Accuracy(split),
        ("loss", _) => Figure::Loss(split),
        ("step", _) => Figure::Step,
        ("alignment", Some(stage)) => Figure::Alignment(stage),
        ("alignment", None) => return Err(("`alignment` of which stage?".into(), "add `at stage 1`".into())),
        ("entropy", _) => Figure::Entropy,
        ("busiest", _) => Figure::Busiest,
        ("idlest", _) => Figure::Idlest,
        (other, _) => {
            let mend = "choose one of accuracy, loss, step, alignment, entropy, busiest, idlest";
            return Err((format!("`{other}` is no figure of a run"), mend.into()));
        }
    };
    Ok(Test::Figure { figure, than, value: number * unit, within })
}
