//! Where in which lesson one is, as the address holds it: `neuron.3`, `neuron.es.3`.

/// Letters of a lesson's name at most.
const NAME_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    /// Number of the page, from 1.
    pub step: usize,
}

impl Place {
    pub fn write(&self) -> String {
        format!("{}.{}", self.name, self.step)
    }

    /// Reads what [`write`](Place::write) wrote; a name alone is its first page.
    pub fn read(text: &str) -> Option<Self> {
        let numbered = text.rsplit_once('.').and_then(|(name, step)| Some((name, step.parse().ok()?)));
        let (name, step) = numbered.unwrap_or((text, 1));
        let named = is_name(name);
        named.then(|| Self { name: name.to_owned(), step: step.max(1) })
    }
}

/// Whether this may be a lesson's name. It becomes part of an address to fetch: nothing in it may lead elsewhere.
pub fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    !name.is_empty() && name.len() <= NAME_MAX && letters && !name.contains("..") && !name.starts_with('.')
}
