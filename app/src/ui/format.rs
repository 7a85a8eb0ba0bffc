//! Numbers as people read them.

use engine::data::Answer;
use engine::exec::Device;

use crate::state::Progress;
use crate::tongue::t;

/// How good answers are, by the kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Share of right answers.
    Accuracy,
    /// Coefficient of determination R².
    Determination,
}

impl Mark {
    pub fn of(answer: Answer) -> Self {
        match answer {
            Answer::Class | Answer::ClassAtPlaces(_) => Mark::Accuracy,
            Answer::Numbers => Mark::Determination,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Mark::Accuracy => t("accuracy"),
            Mark::Determination => "R²",
        }
    }

    pub fn write(self, value: f64) -> String {
        match self {
            Mark::Accuracy => format!("{:.1} %", value * 100.0),
            Mark::Determination => format!("{value:.3}"),
        }
    }
}

/// The status line: what tests and screen readers read.
pub fn status(p: &Progress, mark: Mark) -> String {
    let loss = p.loss.map_or_else(|| "–".into(), loss);
    let how = p.accuracy.map_or_else(|| "–".into(), |a| mark.write(a.into()));
    let mut line = t!(
        "step {step} · epoch {epoch} · loss {loss} · {mark} {how}",
        step = p.step,
        epoch = format_args!("{:.1}", p.epoch),
        loss,
        mark = mark.name(),
        how
    );
    if p.playing && p.samples_per_second > 0.0 {
        line += &t!(" · {number} samples/s", number = thousands(p.samples_per_second));
    }
    line
}

/// A loss to three significant places or so.
pub fn loss(value: f32) -> String {
    let v = f64::from(value);
    if v != 0.0 && v.abs() < 1e-3 {
        format!("{v:.2e}")
    } else if v.abs() < 10.0 {
        format!("{v:.3}")
    } else if v.abs() < 1e5 {
        format!("{v:.1}")
    } else {
        format!("{v:.2e}")
    }
}

/// A whole number with commas.
pub fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    if value <= -0.5 { format!("−{out}") } else { out }
}

/// A count with its metric prefix: `950`, `12.3 k`, `4.56 M`.
pub fn count(value: u64) -> String {
    scaled(value as f64, 1000.0, &["", " k", " M", " G", " T", " P"])
}

/// Floating-point operations.
pub fn flops(value: u64) -> String {
    scaled(value as f64, 1000.0, &[" FLOP", " kFLOP", " MFLOP", " GFLOP", " TFLOP", " PFLOP"])
}

/// Bytes, in powers of 1024.
pub fn bytes(value: u64) -> String {
    scaled(value as f64, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB"])
}

fn scaled(mut value: f64, base: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let places = match (unit, value) {
        (0, _) => 0,
        (_, v) if v < 10.0 => 2,
        (_, v) if v < 100.0 => 1,
        (_, _) => 0,
    };
    format!("{value:.places$}{}", units[unit])
}

/// `rule` against `other`: `×0.67`, or `same`.
pub fn ratio(rule: u64, other: u64) -> String {
    if rule == other {
        return key!("same").into();
    }
    if other == 0 {
        return "–".into();
    }
    let r = rule as f64 / other as f64;
    if r >= 100.0 { format!("×{r:.0}") } else { format!("×{r:.2}") }
}

/// A shape as `8 × 8 × 1`.
pub fn shape(dims: &[usize]) -> String {
    if dims.is_empty() {
        return "1".into();
    }
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

pub fn device(device: Device) -> &'static str {
    match device {
        Device::Cpu => "CPU",
        Device::Gpu => "WebGPU",
    }
}

/// A text that begins with a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + letters.as_str()
}

/// A number for a field: as short as it goes.
pub fn plain(value: f64) -> String {
    let short = format!("{value}");
    if short.len() > 12 { format!("{value:.3e}") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_three_places() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(12_345), "12.3 k");
        assert_eq!(flops(4_560_000), "4.56 MFLOP");
        assert_eq!(bytes(1536), "1.50 KiB");
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(thousands(0.4), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
    }

    #[test]
    fn the_status_names_what_it_shows() {
        let p = Progress { step: 1200, epoch: 3.42, loss: Some(0.1234), accuracy: Some(0.951), ..Progress::default() };
        assert_eq!(status(&p, Mark::Accuracy), "step 1200 · epoch 3.4 · loss 0.123 · accuracy 95.1 %");
        let p = Progress { playing: true, samples_per_second: 12_345.0, ..p };
        assert!(status(&p, Mark::Accuracy).ends_with(" · 12,345 samples/s"));
    }
}
