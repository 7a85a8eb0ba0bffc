//! The rooms of the page. One is seen at a time; the lab goes on while another is.

pub mod lab;
pub mod lessons;
pub mod papers;
pub mod runs;

use crate::fragment;
use crate::tongue::t;

/// Where in the page one is, with what is open there, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// One experiment: built, run, watched, raced.
    Lab,
    /// The cards; a card by its id.
    Papers(Option<String>),
    /// The lessons; one by its name.
    Lessons(Option<String>),
    /// What was run before.
    Runs,
}

impl Room {
    /// Every room, with nothing open.
    pub fn all() -> impl Iterator<Item = Self> {
        [Room::Lab, Room::Papers(None), Room::Lessons(None), Room::Runs].into_iter()
    }

    /// The same room with nothing open.
    pub fn bare(&self) -> Self {
        match self {
            Room::Lab => Room::Lab,
            Room::Papers(_) => Room::Papers(None),
            Room::Lessons(_) => Room::Lessons(None),
            Room::Runs => Room::Runs,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Room::Lab => t("Lab"),
            Room::Papers(_) => t("Papers"),
            Room::Lessons(_) => t("Lessons"),
            Room::Runs => t("Runs"),
        }
    }

    /// As in an address: `papers`, `papers/top-k`.
    pub fn write(&self) -> String {
        let open = match self {
            Room::Lab | Room::Runs => &None,
            Room::Papers(open) | Room::Lessons(open) => open,
        };
        let room = match self {
            Room::Lab => "lab",
            Room::Papers(_) => "papers",
            Room::Lessons(_) => "lessons",
            Room::Runs => "runs",
        };
        open.as_ref().map_or_else(|| room.to_owned(), |open| format!("{room}/{open}"))
    }

    /// A link that leads there and leaves the experiment as it is. A whole address: the page has a base, to which
    /// a mere fragment would be taken.
    pub fn link(&self) -> String {
        fragment::address(&format!("room={}", self.write()))
    }

    /// Reads what [`write`](Room::write) wrote; `None` for a room that there is not.
    pub fn read(text: &str) -> Option<Self> {
        let (room, open) = text.split_once('/').map_or((text, None), |(room, open)| (room, Some(open.to_owned())));
        match room {
            "lab" => Some(Room::Lab),
            "papers" => Some(Room::Papers(open)),
            "lessons" => Some(Room::Lessons(open)),
            "runs" => Some(Room::Runs),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_room_and_what_is_open_in_it() {
        for room in Room::all().chain([Room::Papers(Some("top-k".into())), Room::Lessons(Some("xor".into()))]) {
            assert_eq!(Room::read(&room.write()), Some(room));
        }
        assert_eq!(Room::read("cellar"), None);
    }
}
