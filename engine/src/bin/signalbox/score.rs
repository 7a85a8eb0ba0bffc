//! The figure beside the loss: what it is called, and how it is written. It is the share of right answers where classes
//! are asked for, and the coefficient of determination R² where numbers are.

use engine::data::Answer;

/// Its name in a report.
pub fn name(asked: Answer) -> &'static str {
    match asked {
        Answer::Class | Answer::ClassAtPlaces(_) => "accuracy",
        Answer::Numbers => "r2",
    }
}

/// It and its name, for people.
pub fn said(asked: Answer, score: f32) -> String {
    match asked {
        Answer::Class | Answer::ClassAtPlaces(_) => format!("accuracy {:.2} %", 100.0 * score),
        Answer::Numbers => format!("R² {score:.4}"),
    }
}

/// The head of a column of it, for runs that are asked for these.
pub fn head(asked: &[Answer]) -> &'static str {
    let numbers = asked.iter().filter(|a| name(**a) == "r2").count();
    match numbers {
        0 => "test accuracy, %",
        n if n == asked.len() => "test R²",
        _ => "test accuracy, %, or R²",
    }
}

/// The digits that a column gives it with, and the factor that it is shown by.
pub fn scale(asked: Answer) -> (usize, f64) {
    match asked {
        Answer::Class | Answer::ClassAtPlaces(_) => (2, 100.0),
        Answer::Numbers => (4, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_numbers_is_no_accuracy() {
        assert_eq!(said(Answer::Class, 0.5), "accuracy 50.00 %");
        assert_eq!(said(Answer::Numbers, 0.5), "R² 0.5000");
        assert_eq!((name(Answer::ClassAtPlaces(3)), name(Answer::Numbers)), ("accuracy", "r2"));
        assert_eq!(head(&[Answer::Numbers]), "test R²");
        assert_eq!(head(&[Answer::Class, Answer::Numbers]), "test accuracy, %, or R²");
    }
}
