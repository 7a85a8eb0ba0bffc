//! The lab as a part of another page, or prepared for students: what a link shows, locks and hides; and what the page
//! around the lab may ask of it.

pub mod ask;
pub mod frame;
pub mod host;
pub mod lockable;
pub mod parts;
pub mod port;
pub mod rest;
pub mod room;
