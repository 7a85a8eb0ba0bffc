//! A card's papers in the form of BibTeX, with nothing but what the card knows: titles, surnames, years.

use engine::cards::library::CardInfo;

/// Letters beyond ASCII in names of authors, and what stands for them in a key.
const PLAIN: [(char, char); 10] = [
    ('ø', 'o'),
    ('ö', 'o'),
    ('ó', 'o'),
    ('é', 'e'),
    ('ü', 'u'),
    ('ä', 'a'),
    ('ă', 'a'),
    ('á', 'a'),
    ('ç', 'c'),
    ('š', 's'),
];

/// An entry for each paper of the card.
pub fn bibtex(card: &CardInfo) -> String {
    let mut sources = card.source.split("; ");
    let entries = card.title.split("; ").map(|title| entry(title, sources.next().unwrap_or_default()));
    entries.collect::<Vec<_>>().join("\n\n")
}

fn entry(title: &str, source: &str) -> String {
    // A remark may stand before or after: `with gates: De et al. 2024`, `Cho et al. 2014 (GRU)`.
    let source = source.rsplit(": ").next().unwrap_or_default();
    let year = source.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 4);
    let authors = year.and_then(|year| source.split(year).next()).unwrap_or(source).trim();
    let authors = authors.replace(" and ", ", ").replace(" et al.", ", others").replace(", ", " and ");
    let first = authors.split(' ').next().unwrap_or_default();
    let first = if first.is_empty() { title.split(' ').next().unwrap_or_default() } else { first };
    let plain = |c: char| PLAIN.iter().find(|p| p.0 == c).map_or(c, |p| p.1);
    let key: String = first.to_lowercase().chars().map(plain).filter(char::is_ascii_alphanumeric).collect();
    let mut lines = vec![format!("@misc{{{key}{},", year.unwrap_or_default()), format!("  title = {{{{{title}}}}},")];
    if !authors.is_empty() {
        lines.push(format!("  author = {{{authors}}},"));
    }
    lines.extend(year.map(|year| format!("  year = {{{year}}},")));
    lines.push("}".into());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::tests::card;

    #[test]
    fn a_citation_says_what_the_card_knows() {
        let cited = bibtex(&card());
        assert_eq!(
            cited,
            "@misc{journe2023,\n  title = {{Hebbian Deep Learning Without Feedback}},\n  author = {Journé and others},\n  year = {2023},\n}"
        );
        let two = CardInfo {
            title: "First; Second".into(),
            source: "Nøkland, Roe and Poe 2016 (X); with gates: De et al. 2024".into(),
            ..card()
        };
        let cited = bibtex(&two);
        assert!(cited.contains("author = {Nøkland and Roe and Poe}") && cited.starts_with("@misc{nokland2016,"));
        assert!(cited.contains("author = {De and others}") && cited.contains("@misc{de2024,"), "{cited}");
        let unknown = CardInfo { source: String::new(), ..card() };
        assert_eq!(bibtex(&unknown), "@misc{hebbian,\n  title = {{Hebbian Deep Learning Without Feedback}},\n}");
    }
}
