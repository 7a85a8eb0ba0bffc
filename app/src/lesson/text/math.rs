//! Formulas: TeX to MathML, which browsers set themselves.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

/// Turns TeX into MathML.
pub struct Typesetter(Option<LatexToMathML>);

impl Default for Typesetter {
    fn default() -> Self {
        Self(LatexToMathML::new(MathCoreConfig::default()).ok())
    }
}

impl Typesetter {
    /// The formula as MathML.
    ///
    /// # Errors
    /// Why the TeX cannot be read.
    pub fn set(&self, tex: &str, block: bool) -> Result<String, String> {
        let display = if block { MathDisplay::Block } else { MathDisplay::Inline };
        let converter = self.0.as_ref().ok_or("formulas cannot be set here")?;
        let done = converter.convert_with_local_state(tex, display).map_err(|e| e.to_string())?;
        let mathml = done.mathml;
        // The library escapes what it is given; what it writes goes into the page as it is, so we look ourselves too.
        if harmless(&mathml) { Ok(mathml) } else { Err("the formula holds what no formula may".into()) }
    }
}

/// Whether this is MathML alone: elements that begin with `m`, and attributes that only lay out.
fn harmless(mathml: &str) -> bool {
    const ATTRIBUTES: &[&str] = &[
        "accent",
        "accentunder",
        "class",
        "columnalign",
        "columnlines",
        "columnspacing",
        "depth",
        "dir",
        "display",
        "displaystyle",
        "fence",
        "form",
        "frame",
        "height",
        "largeop",
        "linethickness",
        "lspace",
        "mathcolor",
        "mathvariant",
        "maxsize",
        "minsize",
        "movablelimits",
        "rowlines",
        "rowspacing",
        "rspace",
        "scriptlevel",
        "separator",
        "stretchy",
        "style",
        "symmetric",
        "voffset",
        "width",
    ];
    mathml.split('<').skip(1).all(|part| {
        let Some((tag, text)) = part.split_once('>') else { return false };
        let tag = tag.trim_start_matches('/').trim_end_matches('/');
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut fine = name.starts_with('m') && name.chars().all(|c| c.is_ascii_alphanumeric()) && !text.contains('>');
        while fine && !rest.trim().is_empty() {
            let Some((attribute, after)) = rest.trim_start().split_once("=\"") else { return false };
            let Some((value, after)) = after.split_once('"') else { return false };
            fine = ATTRIBUTES.contains(&attribute) && !value.contains("url(") && !value.contains('&');
            rest = after;
        }
        fine
    })
}
