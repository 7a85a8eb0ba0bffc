//! Figures for the ear: a curve is a tone that rises and falls with it, from the left to the right.

use std::cell::RefCell;

use web_sys::{AudioContext, AudioContextState, GainNode, OscillatorNode, OscillatorType};

/// The lowest pitch in Hz, and how many octaves above it the highest is.
const LOWEST: f32 = 196.0;
const OCTAVES: f32 = 2.5;
/// How loud, of 1.
const LOUD: f32 = 0.16;
/// Seconds in which a tone comes and goes, so that it does not crack.
const FADE: f64 = 0.015;
/// Seconds of the click at a curve's end, and its pitch in Hz.
const CLICK: f64 = 0.02;
const CLICK_PITCH: f32 = 1900.0;

/// What tells series apart beside their names, with how loud it is against the first.
const TIMBRES: [(OscillatorType, f32); 4] = [
    (OscillatorType::Sine, 1.0),
    (OscillatorType::Triangle, 0.9),
    (OscillatorType::Square, 0.3),
    (OscillatorType::Sawtooth, 0.35),
];

thread_local! {
    /// Made with the first sound: a browser lets a page sound only after it was touched.
    static STUDIO: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
}

/// A tone on its way.
pub struct Tone {
    pitch: OscillatorNode,
    gain: GainNode,
}

impl Tone {
    pub fn stop(&self) {
        // A tone that is over needs no end.
        let _ = self.gain.gain().cancel_scheduled_values(0.0);
        self.gain.gain().set_value(0.0);
        #[allow(deprecated)]
        let _ = self.pitch.stop();
    }
}

/// Pitch in Hz of a height from 0 to 1.
pub fn pitch(height: f32) -> f32 {
    LOWEST * (OCTAVES * height.clamp(0.0, 1.0)).exp2()
}

fn studio() -> Option<AudioContext> {
    STUDIO.with_borrow_mut(|studio| {
        if studio.is_none() {
            *studio = AudioContext::new().ok();
        }
        let studio = studio.clone()?;
        if studio.state() == AudioContextState::Suspended {
            // Whoever forbids sound has it stay suspended.
            let _ = studio.resume();
        }
        Some(studio)
    })
}

/// Sounds `heights`, each from 0 to 1, or NaN for silence, over `seconds`, between two places of −1 (left) to 1 (right).
/// `None` where the browser makes no sound.
pub fn play(heights: &[f32], (from, to): (f32, f32), seconds: f64, timbre: usize) -> Option<Tone> {
    let studio = studio()?;
    let (kind, loud) = TIMBRES[timbre % TIMBRES.len()];
    let (oscillator, gain, side) =
        (studio.create_oscillator().ok()?, studio.create_gain().ok()?, studio.create_stereo_panner().ok()?);
    oscillator.set_type(kind);
    let begin = studio.current_time() + FADE;
    let mut last = pitch(0.5);
    let mut pitches: Vec<f32> = heights
        .iter()
        .map(|h| {
            if h.is_finite() {
                last = pitch(*h);
            }
            last
        })
        .collect();
    let mut loudness: Vec<f32> = heights.iter().map(|h| if h.is_finite() { LOUD * loud } else { 0.0 }).collect();
    // A curve of values has two of them at least.
    if let ([pitch], [loud]) = (&pitches[..], &loudness[..]) {
        (pitches, loudness) = (vec![*pitch; 2], vec![*loud; 2]);
    }
    if pitches.is_empty() {
        return None;
    }
    oscillator.frequency().set_value_curve_at_time(&mut pitches, begin, seconds).ok()?;
    let volume = gain.gain();
    volume.set_value_at_time(0.0, begin - FADE).ok()?;
    volume.set_value_curve_at_time(&mut loudness, begin, seconds).ok()?;
    volume.linear_ramp_to_value_at_time(0.0, begin + seconds + FADE).ok()?;
    side.pan().set_value_at_time(from, begin).ok()?;
    side.pan().linear_ramp_to_value_at_time(to, begin + seconds).ok()?;
    oscillator.connect_with_audio_node(&gain).ok()?;
    gain.connect_with_audio_node(&side).ok()?;
    side.connect_with_audio_node(&studio.destination()).ok()?;
    oscillator.start().ok()?;
    oscillator.stop_with_when(begin + seconds + 2.0 * FADE).ok()?;
    Some(Tone { pitch: oscillator, gain })
}

/// The end of a curve.
pub fn click() {
    let Some(studio) = studio() else { return };
    let (Ok(oscillator), Ok(gain)) = (studio.create_oscillator(), studio.create_gain()) else { return };
    oscillator.set_type(OscillatorType::Square);
    oscillator.frequency().set_value(CLICK_PITCH);
    gain.gain().set_value(LOUD / 3.0);
    let wired =
        oscillator.connect_with_audio_node(&gain).and_then(|g| g.connect_with_audio_node(&studio.destination()));
    if wired.is_ok() && oscillator.start().is_ok() {
        let _ = oscillator.stop_with_when(studio.current_time() + CLICK);
    }
}

#[cfg(test)]
mod tests {
    use super::pitch;

    #[test]
    fn higher_is_higher() {
        assert!((pitch(0.0) - 196.0).abs() < 1e-3);
        assert!((pitch(0.4) / pitch(0.0) - 2.0).abs() < 1e-4, "0.4 of two and a half octaves is one");
        assert!(pitch(1.0) > pitch(0.9) && pitch(1.0) < 1200.0);
    }
}
