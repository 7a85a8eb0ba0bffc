//! A spec as a link, and back.

use std::path::PathBuf;

use clap::Args as Arguments;
use engine::spec::{link as packing, text};

use crate::say::say;
use crate::{Answer, Outcome, files};

#[derive(Debug, Arguments)]
pub struct Args {
    /// The spec to make a link of
    #[arg(required_unless_present = "open", conflicts_with = "open")]
    spec: Option<PathBuf>,
    /// A link, or its fragment, to print as a spec
    #[arg(long, value_name = "LINK")]
    open: Option<String>,
    /// Where the page is served
    #[arg(long, value_name = "URL", default_value = "")]
    base: String,
}

pub fn link(args: &Args) -> Answer {
    if let Some(link) = &args.open {
        say(text::write(&packing::decode(link)?).trim_end())?;
    }
    if let Some(path) = &args.spec {
        say(format!("{}#{}", args.base.trim_end_matches('#'), packing::encode(&files::spec(path)?)))?;
    }
    Ok(Outcome::Done)
}
